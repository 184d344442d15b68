#include <kindling/data/fields.h>

#include <charconv>
#include <cmath>

namespace kindling {
namespace {

constexpr std::string_view white_space = " \t\r\n\v\f";

// True if the number took the whole field.
template <class Number, class How>
bool parse(std::string_view field, Number& number, How how) {
  const char* end = field.data() + field.size();
  const auto [at, error] = std::from_chars(field.data(), end, number, how);
  return error == std::errc() && at == end;
}

}  // namespace

std::string_view trimmed(std::string_view field) {
  const std::size_t begin = field.find_first_not_of(white_space);
  if (begin == std::string_view::npos) return {};
  return field.substr(begin, field.find_last_not_of(white_space) - begin + 1);
}

std::optional<double> parse_number(std::string_view field) {
  // from_chars knows no plus sign.
  if (field.size() > 1 && field[0] == '+' && field[1] != '-') field.remove_prefix(1);
  double number = 0;
  if (!parse(field, number, std::chars_format::general) || !std::isfinite(number)) return {};
  return number;
}

std::optional<std::int64_t> parse_digits(std::string_view field, int base) {
  std::int64_t number = 0;
  if (field.starts_with('-') || !parse(field, number, base)) return {};
  return number;
}

}  // namespace kindling
