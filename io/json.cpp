#include <kindling/io/json.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <unordered_set>
#include <vector>

#include <nlohmann/json.hpp>

#include <kindling/io/file.h>
#include <kindling/io/in_file.h>
#include <kindling/layers/config_value.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/shown.h>
#include <kindling/tensor/utf8.h>

namespace kindling {
namespace {

using nlohmann::json;

constexpr std::size_t max_depth = 200, most_bytes = std::size_t{1} << 26;

// What parse_json refuses is not written: a file that can't be read may have replaced a good one.
void check_readable(const Config& config, std::size_t most_values, std::size_t& values,
                    std::size_t depth = 0) {
  if (++values > most_values) fail("to_json: has more than {} values", most_values);
  const auto* list = std::get_if<Config::List>(&config.value());
  const auto* map = std::get_if<Config::Map>(&config.value());
  if (list == nullptr && map == nullptr) return;
  if (depth == max_depth) fail("to_json: nested deeper than {} levels", max_depth);
  if (list != nullptr) {
    for (const Config& each : *list) check_readable(each, most_values, values, depth + 1);
  } else {
    for (const auto& [key, each] : *map) check_readable(each, most_values, values, depth + 1);
  }
}

void check_utf8(const std::string& text) {
  if (find_invalid_utf8(text) != text.npos) {
    fail("to_json: a text must be UTF-8, got {}", in_quotes(text));
  }
}

// Appends a Config to a text. Not by a tree of the library's, whose destructor takes memory.
class Writer {
 public:
  explicit Writer(int indent) : indent_(indent) {}

  void write(const Config& config) {
    std::visit([this](const auto& value) { put(value); }, config.value());
  }

  std::string text;

 private:
  void put(std::monostate) { text += "null"; }
  void put(bool v) { text += v ? "true" : "false"; }
  void put(std::int64_t v) { text += std::to_string(v); }
  void put(const std::string& v) {
    check_utf8(v);
    text += json(v).dump();
  }
  void put(double v) {
    if (!std::isfinite(v)) fail("to_json: a number must be finite, got {}", v);
    text += json(v).dump();
  }
  void put(const Tensor& v) {
    fail("to_json: a tensor is not written as JSON, got {}", v.shape().str());
  }
  void put(const Config::List& v) {
    put_all('[', v, ']', [this](const Config& item) { write(item); });
  }
  void put(const Config::Map& v) {
    std::unordered_set<std::string_view> keys;
    put_all('{', v, '}', [&](const auto& entry) {
      if (!keys.insert(entry.first).second) {
        fail("to_json: key {} stands twice in one object", in_quotes(entry.first));
      }
      put(entry.first);
      text += indent_ < 0 ? ":" : ": ";
      write(entry.second);
    });
  }
  template <class Values, class Put>
  void put_all(char open, const Values& values, char close, Put put_one) {
    text += open;
    ++level_;
    for (const auto& value : values) {
      if (&value != &values.front()) text += ',';
      new_line();
      put_one(value);
    }
    --level_;
    if (!values.empty()) new_line();
    text += close;
  }
  void new_line() {
    if (indent_ < 0) return;
    text += '\n';
    text.append(static_cast<std::size_t>(level_ * indent_), ' ');
  }

  int indent_, level_ = 0;
};

// Goes over the text and tells how far it got: the parser says what it read, but not where.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(const char* at, const char** reached) : at_(at), reached_(reached) {}
  const char& operator*() const { return *at_; }
  Cursor& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  bool operator==(const Cursor& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  const char** reached_;
};

// Builds the Config as the parser reports its parts. The parser has a stack of its own and none of
// this recurses, so that deep nesting is refused before it can do harm.
class Reader : public nlohmann::json_sax<json> {
 public:
  Reader(std::string_view text, const std::string& name, std::size_t most_values)
      : text_(text), name_(name), most_values_(most_values), reached_(text.data()) {}

  Config read() {
    // The parser takes a zero byte for the end of the text and would not look at what follows.
    const std::size_t zero = text_.find('\0');
    if (zero != text_.npos) refuse(zero, "not JSON, a zero byte");
    json::sax_parse(Cursor(text_.data(), &reached_),
                    Cursor(text_.data() + text_.size(), &reached_), this);
    return std::move(root_);
  }

  bool null() override { return put(Config()); }
  bool boolean(bool v) override { return put(v); }
  bool number_integer(std::int64_t v) override { return put(v); }
  bool number_unsigned(std::uint64_t v) override {
    if (v > std::numeric_limits<std::int64_t>::max()) too_large(std::to_string(v));
    return put(static_cast<std::int64_t>(v));
  }
  bool number_float(double v, const std::string& digits) override {
    // What doesn't fit 64 bits arrives here, and would lose its last digits.
    if (digits.find_first_not_of("-0123456789") == digits.npos) too_large(digits);
    return put(v);
  }
  bool string(std::string& v) override { return put(std::move(v)); }
  bool binary(json::binary_t&) override { return false; }  // no part of JSON as text

  bool start_object(std::size_t) override { return open(true); }
  bool key(std::string& v) override {
    Level& level = levels_.back();
    if (!level.keys.insert(v).second) {
      refuse(last_byte(), "key " + in_quotes(v) + " stands twice in one object");
    }
    level.map.emplace_back(std::move(v), Config());
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(false); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::detail::exception& error) override {
    const std::size_t at = std::min(position - 1, text_.size());
    if (error.id == 406) refuse(at, "a number is beyond the range of a double, got " + cut(token));
    const std::size_t not_utf8 = find_invalid_utf8(text_);
    if (not_utf8 <= at) refuse(not_utf8, "text is not UTF-8");
    if (at == text_.size()) refuse(at, "not JSON, unexpected end of the text");
    // The text or the word that must not be there, or within a text the byte. (After brackets, the
    // parser's token is more than that.)
    std::size_t begin = at, end = at + 1;
    if (token.starts_with('"') && token.ends_with('"') && text_.substr(0, end).ends_with(token)) {
      begin = end - token.size();
    } else if (in_word(text_[at])) {
      while (begin > 0 && in_word(text_[begin - 1])) --begin;
      while (end < text_.size() && in_word(text_[end])) ++end;
    }
    refuse(begin, "not JSON, unexpected " + in_quotes(text_.substr(begin, end - begin)));
  }

 private:
  struct Level {  // a list or object whose end has not been read
    bool is_map = false;
    Config::List list;
    Config::Map map;
    std::unordered_set<std::string> keys;
  };

  bool open(bool is_map) {
    if (levels_.size() == max_depth) {
      refuse(last_byte(), fmt::format("nested deeper than {} levels", max_depth));
    }
    levels_.emplace_back().is_map = is_map;
    return true;
  }

  bool close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    return level.is_map ? put(std::move(level.map)) : put(std::move(level.list));
  }

  bool put(Config value) {
    if (values_++ == most_values_) {
      refuse(last_byte(), fmt::format("has more than {} values", most_values_));
    }
    if (levels_.empty()) {
      root_ = std::move(value);
    } else if (Level& level = levels_.back(); level.is_map) {
      level.map.back().second = std::move(value);
    } else {
      level.list.push_back(std::move(value));
    }
    return true;
  }

  static bool in_word(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || std::isalnum(byte) != 0 || c == '+' || c == '-' || c == '.';
  }

  static std::string cut(const std::string& digits) {
    return digits.size() <= 40 ? digits : digits.substr(0, 37) + "...";
  }

  [[noreturn]] void too_large(const std::string& digits) const {
    // The byte after the number has been read too, to see that it ends there.
    const std::size_t end = text_.find_last_of("0123456789", last_byte());
    refuse(end, "a whole number has at most 64 bits, got " + cut(digits));
  }

  std::size_t last_byte() const {
    return static_cast<std::size_t>(reached_ - text_.data()) - 1;
  }

  [[noreturn]] void refuse(std::size_t offset, const std::string& why) const {
    const std::string_view before = text_.substr(0, offset);
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0: the first line
    fail("{}:{}:{}: {}", name_, 1 + std::count(before.begin(), before.end(), '\n'),
         1 + offset - line_start, why);
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t most_values_, values_ = 0;
  const char* reached_;  // the end of what the parser has taken
  Config root_;
  std::vector<Level> levels_;
};

}  // namespace

std::string to_json(const Config& config, int indent, std::size_t most_values) {
  std::size_t values = 0;
  check_readable(config, most_values, values);
  Writer writer(indent);
  writer.write(config);
  if (writer.text.size() > most_bytes) {
    fail("to_json: has more than {} bytes, got {}", most_bytes, writer.text.size());
  }
  return std::move(writer.text);
}

Config parse_json(std::string_view text, const std::string& name, std::size_t most_values) {
  if (text.size() > most_bytes) {
    fail("{}: JSON has at most {} bytes, got {}", name, most_bytes, text.size());
  }
  return Reader(text, name, most_values).read();
}

Config read_json(const std::string& path) {
  return in_file(path, [&] { return parse_json(read_file(path, most_bytes), path); });
}

Config read_json(const FolderReader& folder, const std::string& name) {
  const std::string path = folder.path_of(name);
  return in_file(path, [&] { return parse_json(folder.read(name, most_bytes), path); });
}

}  // namespace kindling
