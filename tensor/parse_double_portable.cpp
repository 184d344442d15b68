// In the place of parse_double.cpp where the standard library's from_chars reads no double.
#include <kindling/tensor/parse_double.h>

#include <algorithm>
#include <cmath>
#include <locale>
#include <sstream>
#include <string>

namespace kindling {
namespace {

// Takes digits off the text; false if there are none.
bool take_digits(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  text.remove_prefix(end);
  return end > 0;
}

bool take_any(std::string_view& text, std::string_view characters) {
  if (text.empty() || characters.find(text[0]) == characters.npos) return false;
  text.remove_prefix(1);
  return true;
}

// A stream takes more for a number, or less, in one standard library or another.
bool is_number(std::string_view text) {
  take_any(text, "-");
  const bool whole = take_digits(text);
  const bool fraction = take_any(text, ".") && take_digits(text);
  if (!whole && !fraction) return false;
  if (take_any(text, "eE")) {
    take_any(text, "+-");
    if (!take_digits(text)) return false;
  }
  return text.empty();
}

}  // namespace

bool parse_double(std::string_view text, double& number) {
  if (!is_number(text)) return false;
  std::istringstream stream{std::string(text)};
  stream.imbue(std::locale::classic());
  return stream >> number && std::isfinite(number);
}

}  // namespace kindling
