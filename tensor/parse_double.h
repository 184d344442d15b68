// A number out of a text, the same in every locale. For source files.
#pragma once

#include <string_view>

namespace kindling {

// True if the whole text is a number, "3", "-.5" or "1e-3", without a plus sign, that a double can
// hold.
bool parse_double(std::string_view text, double& number);

}  // namespace kindling
