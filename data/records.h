// Records of CSV and of tables like it (RFC 4180), read from lines of text: a column that starts
// with a quote ends with one and may hold delimiters, line breaks and doubled quotes. Lines end in
// "\n" or "\r\n"; empty lines are skipped.
//
// Errors, with name and line: a quote that does not close (within 16 MiB), text after a closing
// quote, a quote inside a column without quotes, text that is not UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <kindling/data/text_file.h>

#pragma GCC visibility push(default)
namespace kindling {

using Record = std::vector<std::string>;

class Records {
 public:
  // Without `quotes` a quote is a character as any other.
  Records(Lines lines, std::string name, char delimiter, bool quotes = true);

  bool next(Record& record);   // false at the end of the text
  std::string place() const;   // of the last one: "pairs.csv:3"

 private:
  bool next_line();
  char peek() const { return at_ < line_.size() ? line_[at_] : '\0'; }
  bool at_line_end() const { return at_ == end_; }
  bool skip_delimiter();
  void read_plain(std::string& column);
  void read_quoted(std::string& column);

  Lines lines_;
  std::string name_;
  char delimiter_;
  bool quotes_;
  std::string_view line_;            // with the "\r" at its end, which is the text's inside quotes
  std::size_t at_ = 0, end_ = 0;     // in the line; where it ends without the "\r"
  std::int64_t number_ = 0, record_line_ = 1;
};

// A column as a record is written: in quotes if it has to be.
std::string written_column(const std::string& text, char delimiter);

}  // namespace kindling
#pragma GCC visibility pop
