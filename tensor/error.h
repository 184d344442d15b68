// The one exception type, and the grammar of its messages.
//
//   who: the rule that was broken, what was got [operands]
//
//   matmul: inner dimensions differ, 4 against 3 [a (3, 4), b (3, 5)]
//
// Messages quote names and texts of files, so they are made safe to print: what would reach a
// terminal as more than text is escaped, as tensor/shown.h does it, but for line breaks, and of a
// very long message the middle is left out.
#pragma once

#include <stdexcept>
#include <string>

#pragma GCC visibility push(default)
namespace kindling {

class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message);
};

// Something the user should know that is no error. By default a line on standard error;
// set_warning_handler puts another place in its stead and returns the one before.
using WarningHandler = void (*)(const std::string& message);
void warn(const std::string& message);
WarningHandler set_warning_handler(WarningHandler handler);

}  // namespace kindling
#pragma GCC visibility pop
