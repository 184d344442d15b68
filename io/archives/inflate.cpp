#include <kindling/io/archives/inflate.h>

#include <zlib.h>

namespace kindling {

std::optional<std::size_t> inflate_into(std::string& content, std::string_view packed,
                                        Deflated form) {
  z_stream stream = {};
  const int window = form == Deflated::alone ? -MAX_WBITS : MAX_WBITS;
  if (inflateInit2(&stream, window) != Z_OK) return {};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(content.data());
  stream.avail_out = static_cast<uInt>(content.size());
  const int status = inflate(&stream, Z_FINISH);
  const std::size_t left = stream.avail_out;
  inflateEnd(&stream);
  if (status == Z_STREAM_END) return content.size() - left;
  if (status == Z_BUF_ERROR && left == 0 && stream.avail_in > 0) return content.size() + 1;
  return {};
}

std::uint32_t crc32_of(std::string_view bytes) {
  const auto* begin = reinterpret_cast<const Bytef*>(bytes.data());
  return static_cast<std::uint32_t>(crc32_z(0, begin, bytes.size()));
}

}  // namespace kindling
