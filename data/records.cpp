#include <kindling/data/records.h>

#include <utility>

#include <kindling/data/fields.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr std::size_t longest_column = 1 << 24;

}  // namespace

Records::Records(Lines lines, std::string name, char delimiter, bool quotes)
    : lines_(std::move(lines)), name_(std::move(name)), delimiter_(delimiter), quotes_(quotes) {}

bool Records::next(Record& record) {
  do {
    if (!next_line()) return false;
  } while (at_line_end());
  record_line_ = number_;
  record.clear();
  do {
    record.emplace_back();
    if (quotes_ && peek() == '"') {
      read_quoted(record.back());
    } else {
      read_plain(record.back());
    }
  } while (skip_delimiter());
  return true;
}

std::string Records::place() const { return fmt::format("{}:{}", name_, record_line_); }

bool Records::next_line() {
  if (!lines_(line_)) return false;
  require_utf8(line_, name_, ++number_);
  at_ = 0;
  end_ = line_.size() - (line_.ends_with('\r') ? 1 : 0);
  return true;
}

bool Records::skip_delimiter() {
  if (at_line_end() || peek() != delimiter_) return false;
  ++at_;
  return true;
}

void Records::read_plain(std::string& column) {
  for (; !at_line_end() && peek() != delimiter_; ++at_) {
    if (quotes_ && peek() == '"') {
      fail("{}:{}: a quote inside a column without quotes; put the column in quotes and double "
           "the one inside", name_, number_);
    }
    column += peek();
  }
}

void Records::read_quoted(std::string& column) {
  const std::int64_t opened = number_;
  ++at_;
  for (;;) {
    if (at_ == line_.size()) {
      column += '\n';
      // One quote too many must not fetch all of a file that is read bit by bit.
      if (column.size() > longest_column) {
        fail("{}:{}: a quote opens here and does not close within {} bytes", name_, opened,
             longest_column);
      }
      if (!next_line()) fail("{}:{}: a quote opens here and never closes", name_, opened);
      continue;
    }
    if (peek() == '"') {
      ++at_;
      if (peek() != '"') break;  // two quotes are one of the text
    }
    column += line_[at_++];
  }
  if (!at_line_end() && peek() != delimiter_) {
    fail("{}:{}: a closing quote must end its column, got {} after it", name_, number_,
         in_quotes(line_.substr(at_, end_ - at_)));
  }
}

std::string written_column(const std::string& text, char delimiter) {
  if (text.find_first_of(std::string("\"\r\n") + delimiter) == text.npos) return text;
  std::string column = "\"";
  for (const char c : text) column += c == '"' ? "\"\"" : std::string(1, c);
  return column + '"';
}

}  // namespace kindling
