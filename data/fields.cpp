#include <kindling/data/fields.h>

#include <charconv>
#include <system_error>

#include <kindling/tensor/parse_double.h>

namespace kindling {
namespace {

constexpr std::string_view white_space = " \t\r\n\v\f";

}  // namespace

std::string_view trimmed(std::string_view field) {
  const std::size_t begin = field.find_first_not_of(white_space);
  if (begin == std::string_view::npos) return {};
  return field.substr(begin, field.find_last_not_of(white_space) - begin + 1);
}

std::optional<double> parse_number(std::string_view field) {
  if (field.size() > 1 && field[0] == '+' && field[1] != '-') field.remove_prefix(1);
  double number = 0;
  if (!parse_double(field, number)) return {};
  return number;
}

std::optional<std::int64_t> parse_digits(std::string_view field, int base) {
  std::int64_t number = 0;
  const char* end = field.data() + field.size();
  const auto [at, error] = std::from_chars(field.data(), end, number, base);
  if (field.starts_with('-') || error != std::errc() || at != end) return {};
  return number;
}

}  // namespace kindling
