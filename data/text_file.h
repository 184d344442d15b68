// Text files: opened, read and checked in one place, so that all readers say the same.
//
// Errors, beside those of io/file.h:
//   pairs.csv: is empty
//   pairs.csv:3: text is not UTF-8, byte 0xff at offset 12 of the line
//   pairs.csv:7: a line has at most 16777216 bytes, got more
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)
namespace kindling {

// A whole file of UTF-8, of 256 MiB at most, without a byte order mark.
std::string read_text_file(const std::string& path);

std::string_view without_byte_order_mark(std::string_view text);

// Fails if the text is not UTF-8; `line` is the number of its first line.
void require_utf8(std::string_view text, const std::string& name, std::int64_t line = 1);

// Takes the next line, without its "\n", off the text; false at the end. As everywhere, a "\n" at
// the very end starts no line.
bool take_line(std::string_view& text, std::string_view& line);

// The lines of a text, one per call as take_line does it, without a byte order mark and otherwise
// unchecked; false at the end. A file is held one line at a time, each of at most 16 MiB; a line is
// valid until the next call.
using Lines = std::function<bool(std::string_view& line)>;
Lines lines_of(std::string_view text);  // which must stay
Lines lines_of_file(const std::string& path);
// Of a stream that is open; shared, since a function can be copied. `name` is for messages.
Lines lines_of_stream(std::shared_ptr<std::istream> stream, const std::string& name);

}  // namespace kindling
#pragma GCC visibility pop
