// Text files: opened, read and checked in one place, so that all readers say the same.
//
// Errors:
//   pairs.csv: cannot be opened, No such file or directory
//   pairs.csv: is a folder, a file is needed
//   pairs.csv: is empty
//   pairs.csv:3: text is not UTF-8, byte 0xff at offset 12 of the line
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

namespace kindling {

// A whole file of UTF-8, without a byte order mark.
std::string read_text_file(const std::string& path);

// The same checks for text that is in memory: fails if it is empty or not UTF-8, `name` being what
// the message starts with, and returns it without a byte order mark.
std::string_view checked_text(std::string_view text, const std::string& name);

// Fails if the text is not UTF-8; `line` is the number of its first line.
void require_utf8(std::string_view text, const std::string& name, std::int64_t line = 1);

// A file to read line by line, for those too big for memory. Its text is not checked.
std::ifstream open_text_file(const std::string& path);

// Takes the next line, without its "\n", off the text; false at the end. As everywhere, a "\n" at
// the very end starts no line.
bool take_line(std::string_view& text, std::string_view& line);

}  // namespace kindling
