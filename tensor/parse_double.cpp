// Compiled where CMake found from_chars for a double, else parse_double_portable.cpp.
#include <kindling/tensor/parse_double.h>

#include <charconv>
#include <cmath>
#include <system_error>

namespace kindling {

bool parse_double(std::string_view text, double& number) {
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number, std::chars_format::general);
  return error == std::errc() && at == end && std::isfinite(number);
}

}  // namespace kindling
