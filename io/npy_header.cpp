#include <kindling/io/npy_header.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <system_error>

#include <kindling/io/json.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

class HeaderReader {
 public:
  HeaderReader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  NpyHeader read() {
    NpyHeader header;
    bool has_descr = false, has_order = false, has_shape = false;
    const auto first = [&](bool& has, const std::string& key) {
      if (has) refuse("key " + in_quotes(key) + " stands twice");
      has = true;
    };
    take('{', "a dict is needed");
    while (!takes('}')) {
      const std::string key = read_text("a key");
      take(':', "a ':' is needed after key " + in_quotes(key));
      if (key == "descr") {
        first(has_descr, key);
        header.descr = read_descr();
      } else if (key == "fortran_order") {
        first(has_order, key);
        header.fortran_order = read_bool();
      } else if (key == "shape") {
        first(has_shape, key);
        header.shape = read_shape();
      } else {
        refuse("key " + in_quotes(key) + " is unknown");
      }
      if (!takes(',')) {
        take('}', "a ',' or '}' is needed");
        break;
      }
    }
    skip_spaces();
    if (at_ != text_.size()) refuse("only spaces may follow the dict");
    for (const auto& [has, key] : {std::pair(has_descr, "descr"),
                                   std::pair(has_order, "fortran_order"),
                                   std::pair(has_shape, "shape")}) {
      if (!has) fail("{}: the header has no key {}", name_, in_quotes(key));
    }
    return header;
  }

 private:
  void skip_spaces() { at_ = std::min(text_.find_first_not_of(" \t\n", at_), text_.size()); }

  // Takes a character, and the spaces before it, if it comes next.
  bool takes(char c) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void take(char c, const std::string& rule) {
    if (!takes(c)) needs(rule);
  }
  bool takes(std::string_view word) {
    skip_spaces();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  std::string read_text(const std::string& what) {
    skip_spaces();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') needs(what + " is needed");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == text_.npos) refuse("a text doesn't end");
    std::string text(text_.substr(at_ + 1, end - at_ - 1));
    if (text.find('\\') != text.npos) refuse("a text with '\\' is not supported");
    at_ = end + 1;
    return text;
  }

  std::string read_descr() {
    skip_spaces();
    if (text_.substr(at_).starts_with('[') || text_.substr(at_).starts_with('(')) {
      fail("{}: holds records of several fields, which are not read; numbers are needed", name_);
    }
    return read_text("a dtype");
  }

  bool read_bool() {
    if (takes("True")) return true;
    if (!takes("False")) needs("True or False is needed");
    return false;
  }

  std::vector<std::int64_t> read_shape() {
    std::vector<std::int64_t> shape;
    take('(', "a tuple of sizes is needed");
    while (!takes(')')) {
      shape.push_back(read_size());
      if (shape.size() > Shape::max_rank) {
        fail("{}: at most {} axes are supported, the shape has more", name_, +Shape::max_rank);
      }
      if (takes(',')) continue;
      // To Python, (3) is a number and no tuple.
      if (shape.size() == 1) needs("a ',' is needed after the only size");
      take(')', "a ',' or ')' is needed");
      break;
    }
    return shape;
  }

  std::int64_t read_size() {
    skip_spaces();
    std::int64_t size = 0;
    const char* end = text_.data() + text_.size();
    const auto [stop, error] = std::from_chars(text_.data() + at_, end, size);
    if (error == std::errc::result_out_of_range) refuse("a size has at most 63 bits");
    if (error != std::errc() || size < 0) needs("a size, at least 0, is needed");
    at_ = static_cast<std::size_t>(stop - text_.data());
    if (text_.substr(at_).starts_with('L')) ++at_;  // a long of Python 2
    return size;
  }

  [[noreturn]] void needs(const std::string& rule) const {
    refuse(rule + ", got " + (at_ == text_.size() ? "its end" : in_quotes(text_.substr(at_, 12))));
  }
  [[noreturn]] void refuse(const std::string& why) const {
    fail("{}: header, byte {}: {}", name_, at_, why);
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
};

}  // namespace

NpyHeader parse_npy_header(std::string_view text, const std::string& name) {
  return HeaderReader(text, name).read();
}

std::string npy_header(const std::string& descr, const Shape& shape) {
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", descr, shape.str());
  // Room in which the first size can grow to 21 digits, which numpy leaves for who appends.
  if (shape.rank() > 0) text.append(21 - std::to_string(shape[0]).size(), ' ');
  // Before the header stand 10 bytes, after it the end of its line; elements begin at a multiple
  // of 64.
  text.append(64 - (10 + text.size() + 1) % 64, ' ');
  return text + '\n';
}

}  // namespace kindling
