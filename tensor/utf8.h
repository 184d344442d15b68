// Whether a text is UTF-8.
#pragma once

#include <cstddef>
#include <string_view>

#pragma GCC visibility push(default)
namespace kindling {

// Where UTF-8 ends being UTF-8: the offset of the first byte that starts no character, or
// std::string_view::npos. Overlong forms and surrogates are no characters.
std::size_t find_invalid_utf8(std::string_view text);

}  // namespace kindling
#pragma GCC visibility pop
