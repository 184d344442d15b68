#include <kindling/data/text_file.h>

#include <algorithm>
#include <istream>
#include <utility>

#include <kindling/data/tokens.h>
#include <kindling/io/file.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr std::int64_t longest_text = std::int64_t{1} << 28;

// Lines of a file without end, such as standard input may be, must not take all memory.
constexpr std::size_t longest_line = std::size_t{1} << 24;

// Puts the next bytes, at most so many, there; 0 at the end.
using Source = std::function<std::size_t(char* into, std::size_t size)>;

class LineReader {
 public:
  LineReader(Source source, std::string name)
      : source_(std::move(source)), name_(std::move(name)) {}

  // As Lines does it.
  bool next(std::string_view& line) {
    if (!take(line)) return false;
    if (++number_ == 1) line = without_byte_order_mark(line);
    return true;
  }

 private:
  bool take(std::string_view& line) {
    held_.clear();
    while (there_is_more()) {
      const std::size_t end = rest_.find('\n');
      const std::string_view part = rest_.substr(0, end);
      rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
      if (held_.size() + part.size() > longest_line) {
        fail("{}:{}: a line has at most {} bytes, got more", name_, number_ + 1, longest_line);
      }
      if (end != rest_.npos && held_.empty()) {
        line = part;
        return true;
      }
      held_.append(part);
      if (end != rest_.npos) break;
    }
    line = held_;
    return !held_.empty();
  }

  bool there_is_more() {
    if (rest_.empty()) rest_ = {block_.data(), source_(block_.data(), block_.size())};
    return !rest_.empty();
  }

  Source source_;
  std::string name_;
  std::string block_ = std::string(std::size_t{1} << 16, '\0');
  std::string_view rest_;  // of the block
  std::string held_;       // of a line that began in an earlier block
  std::int64_t number_ = 0;
};

Lines lines_from(Source source, const std::string& name) {
  // Shared, since a function can be copied, and the reader's place in the text must not be.
  const auto reader = std::make_shared<LineReader>(std::move(source), name);
  return [reader](std::string_view& line) { return reader->next(line); };
}

}  // namespace

std::string read_text_file(const std::string& path) {
  std::string text = read_file(path, longest_text);
  text.erase(0, text.size() - without_byte_order_mark(text).size());
  if (text.empty()) fail("{}: is empty", path);
  require_utf8(text, path);
  return text;
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  return text.substr(text.starts_with(mark) ? mark.size() : 0);
}

void require_utf8(std::string_view text, const std::string& name, std::int64_t line) {
  const std::size_t offset = find_invalid_utf8(text);
  if (offset == std::string_view::npos) return;
  const std::string_view before = text.substr(0, offset);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0: the first line
  fail("{}:{}: text is not UTF-8, byte {:#04x} at offset {} of the line", name,
       line + std::count(before.begin(), before.end(), '\n'),
       static_cast<unsigned char>(text[offset]), offset - line_start);
}

bool take_line(std::string_view& text, std::string_view& line) {
  if (text.empty()) return false;
  const std::size_t end = text.find('\n');
  line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return true;
}

Lines lines_of(std::string_view text) {
  return [text = without_byte_order_mark(text)](std::string_view& line) mutable {
    return take_line(text, line);
  };
}

Lines lines_of_stream(std::shared_ptr<std::istream> stream, const std::string& name) {
  return lines_from([stream, name](char* into, std::size_t size) {
    // A line at most, since a person who types waits for an answer.
    stream->getline(into, static_cast<std::streamsize>(size));
    if (stream->bad()) fail("{}: cannot be read to its end", name);
    const auto n = static_cast<std::size_t>(stream->gcount());
    if (stream->eof()) return n;
    if (stream->fail()) {
      stream->clear();  // it is longer than there was room
    } else {
      into[n - 1] = '\n';
    }
    return n;
  }, name);
}

Lines lines_of_file(const std::string& path) {
  return lines_from([file = InputFile(path)](char* into, std::size_t size) {
    return file.read(into, size);
  }, path);
}

}  // namespace kindling
