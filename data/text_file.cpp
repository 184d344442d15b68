#include <kindling/data/text_file.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#include <kindling/data/tokens.h>
#include <kindling/io/file.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

std::ifstream open_text_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) fail("{}: is a folder, a file is needed", path);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("{}: cannot be opened, {}", path, std::generic_category().message(errno));
  return file;
}

// Lines of a file without end, such as a device, must not take all memory.
constexpr std::size_t longest_line = std::size_t{1} << 24;

// Appends the stream's bytes up to a newline, which it takes off; false at the end.
bool take_line(std::istream& file, std::string& line, const std::string& path,
               std::int64_t number) {
  char block[1 << 13];
  while (true) {
    file.getline(block, sizeof block);
    const auto size = static_cast<std::size_t>(file.gcount());
    if (file.bad()) fail("{}:{}: cannot be read to its end", path, number);
    const bool ends_file = file.eof(), ends_line = !ends_file && !file.fail();
    line.append(block, ends_line ? size - 1 : size);
    if (line.size() > longest_line) {
      fail("{}:{}: a line has at most {} bytes, got more", path, number, longest_line);
    }
    if (ends_line || ends_file) return ends_line || !line.empty();
    file.clear();  // the block was full before the line was
  }
}

}  // namespace

std::string read_text_file(const std::string& path) {
  std::string text = read_file(path);
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
  return [=, number = std::int64_t{1}, held = std::string()](std::string_view& line) mutable {
    held.clear();
    if (!take_line(*stream, held, name, number)) return false;
    const bool first = number++ == 1;
    line = first ? without_byte_order_mark(held) : std::string_view(held);
    return true;
  };
}

Lines lines_of_file(const std::string& path) {
  return lines_of_stream(std::make_shared<std::ifstream>(open_text_file(path)), path);
}

}  // namespace kindling
