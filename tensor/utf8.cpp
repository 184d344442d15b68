#include <kindling/tensor/utf8.h>

#include <utf8proc.h>

namespace kindling {

std::size_t find_invalid_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  std::size_t offset = 0;
  while (offset < text.size()) {
    if (bytes[offset] < 0x80) {
      ++offset;
      continue;
    }
    utf8proc_int32_t character = 0;
    const auto left = static_cast<utf8proc_ssize_t>(text.size() - offset);
    const utf8proc_ssize_t size = utf8proc_iterate(bytes + offset, left, &character);
    if (size < 1) return offset;
    offset += static_cast<std::size_t>(size);
  }
  return std::string_view::npos;
}

}  // namespace kindling
