// Fields of text files: what all readers of this folder do with a column or a word. Numbers are
// read the same in every locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <kindling/tensor/shown.h>  // in_quotes(), for messages

#pragma GCC visibility push(default)
namespace kindling {

// Without the ASCII white space at both ends.
std::string_view trimmed(std::string_view field);

// The whole field as a finite number ("3", "-.5", "1e-3", "+2"); none if it is anything else.
std::optional<double> parse_number(std::string_view field);

// The whole field as digits of a base, without a sign; none if it is anything else or too large.
std::optional<std::int64_t> parse_digits(std::string_view field, int base = 10);

}  // namespace kindling
#pragma GCC visibility pop
