// Text that came from a file or a user, made safe to print: names, paths, words, messages.
//
//   fmt::print("layer {}\n", shown(layer.name()));
//   shown("a\x1b[31m")                 // a\u001b[31m
//   in_quotes("caf\xe9\n")                // "caf\ufffd\n", the first a replacement character
//   shown(std::string(1000000, 'x'))   // the first 150 characters ... the last 50
//
// Control characters and those that are not seen or change the direction of text (Unicode's
// categories Cc, Cf, Zl, Zp) are escaped as in JSON, and U+FFFD stands for each byte that is not
// UTF-8, so that a text can neither move the cursor nor start another line. What is safe already
// stays as it is.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)
namespace kindling {

// On one line; what is longer than about `longest` bytes is cut in the middle.
std::string shown(std::string_view text, std::size_t longest = 200);

// In quotes, with quotes and backslashes escaped; cut after about 60 bytes.
std::string in_quotes(std::string_view text);

// A text of several lines, whole.
std::string shown_lines(std::string_view text);

}  // namespace kindling
#pragma GCC visibility pop
