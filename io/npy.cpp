#include <kindling/io/npy.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <kindling/autograd/shaping.h>
#include <kindling/io/bytes.h>
#include <kindling/io/elements.h>
#include <kindling/io/file.h>
#include <kindling/io/in_file.h>
#include <kindling/io/json.h>
#include <kindling/io/npy_header.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t length_at = magic.size() + 2;  // after two bytes of version
constexpr std::size_t max_header = 10'000;           // as in numpy

// "<f4", and ">f4" where `big` is set; a single byte has no order: "|b1".
const ElementKind& kind_of(const std::string& descr, bool& big, const std::string& name) {
  const std::string_view word = std::string_view(descr).substr(descr.empty() ? 0 : 1);
  if (word == "O") {
    fail("{}: holds Python objects ({}), which are not read; numbers are needed", name, descr);
  }
  big = descr.starts_with('>');
  const std::span<const ElementKind> kinds = element_kinds();
  const auto found = std::ranges::find(kinds, word, &ElementKind::npy);
  const std::string_view orders = found != kinds.end() && found->bytes == 1 ? "|" : "<>";
  if (word.empty() || found == kinds.end() || orders.find(descr[0]) == orders.npos) {
    std::vector<std::string_view> words;
    for (const ElementKind& kind : kinds) {
      if (!kind.npy.empty()) words.push_back(kind.npy);
    }
    fail("{}: dtype {} is not supported, one of {} is needed", name, in_quotes(descr),
         fmt::join(words, ", "));
  }
  return *found;
}

std::string descr_of(DType dtype) {
  switch (dtype) {
    case DType::float32: return "<f4";
    case DType::int32: return "<i4";
    case DType::boolean: return "|b1";
  }
  return {};
}

// The header's text; what stays in `bytes` is the elements.
std::string_view take_header(std::string_view& bytes, const std::string& name) {
  if (!bytes.starts_with(magic)) {
    fail("{}: is no npy file, it starts with {}", name, in_quotes(bytes.substr(0, magic.size())));
  }
  const auto version = static_cast<unsigned char>(bytes.size() > magic.size() ? bytes[6] : 1);
  const std::size_t start = length_at + (version == 1 ? 2 : 4);
  if (bytes.size() < start) {
    fail("{}: is cut short, the header begins at byte {}, got {}", name, start, bytes.size());
  }
  if (version < 1 || version > 3 || bytes[7] != 0) {
    fail("{}: version {}.{} is not supported, 1.0, 2.0 or 3.0 is needed", name, version,
         static_cast<unsigned char>(bytes[7]));
  }
  const std::size_t length = version == 1 ? number_at<std::uint16_t>(bytes, length_at)
                                          : number_at<std::uint32_t>(bytes, length_at);
  if (length > max_header) {
    fail("{}: the header is at most {} bytes, got {}", name, max_header, length);
  }
  if (bytes.size() - start < length) {
    fail("{}: is cut short, the header is {} bytes, got {}", name, length, bytes.size() - start);
  }
  const std::string_view header = bytes.substr(start, length);
  bytes.remove_prefix(start + length);
  if (!header.ends_with('\n')) fail("{}: the header must end with a line end", name);
  return header;
}

}  // namespace

Tensor read_npy(const std::string& path) {
  const MappedFile file(path);
  return in_file(path, [&] { return parse_npy(file.bytes(), path); });
}

Tensor parse_npy(std::string_view bytes, const std::string& name) {
  NpyHeader header = parse_npy_header(take_header(bytes, name), name);
  bool big = false;
  const ElementKind& kind = kind_of(header.descr, big, name);
  const Shape shape(header.shape);
  // Fortran's order is that of the axes backwards.
  if (header.fortran_order) std::ranges::reverse(header.shape);
  const Shape stored(header.shape);
  // An axis of size 0 makes any other count for nothing, but only those that come after it.
  const std::optional<std::int64_t> size = size_in_bytes(shape, kind.bytes);
  if (!size || !size_in_bytes(stored, kind.bytes)) {
    fail("{}: {} {} has more bytes than 64 bits count", name, header.descr, shape.str());
  }
  if (*size != std::ssize(bytes)) {
    fail("{}: {} {} takes {} bytes, got {}", name, header.descr, shape.str(), *size, bytes.size());
  }
  const Tensor x = tensor_of(kind, stored, bytes, big, name);
  if (!header.fortran_order || shape.rank() < 2) return x;
  std::vector<int> axes;
  for (int axis = shape.rank(); axis-- > 0;) axes.push_back(axis);
  return transpose(x, axes);
}

std::string npy_bytes(const Tensor& x) {
  if (!x.defined()) fail("npy: the tensor is undefined");
  const std::string header = npy_header(descr_of(x.dtype()), x.shape());
  std::string bytes(magic);
  bytes += std::string_view("\1\0", 2);
  bytes += bytes_of(static_cast<std::uint16_t>(header.size()));
  bytes += header;
  bytes += bytes_of(x);
  return bytes;
}

void write_npy(const std::string& path, const Tensor& x) { write_file(path, npy_bytes(x)); }

}  // namespace kindling
