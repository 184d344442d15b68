// A text as characters: its alphabet, and windows of it to learn from and to measure on.
#pragma once

#include <kindling/kindling.h>

namespace char_lm {

class Text {
 public:
  // Of UTF-8; a character is a code point.
  explicit Text(std::string utf8);
  // Files one after the other. Without any: the licences that every Debian has.
  static Text read(std::vector<std::string> files);

  std::int64_t size() const { return std::ssize(ids_); }
  const std::vector<std::int32_t>& ids() const { return ids_; }  // a number a character
  const std::vector<std::string>& alphabet() const { return alphabet_; }
  std::vector<std::int32_t> encode(std::string_view text) const;  // fails on other characters
  // Characters [begin, end) as UTF-8.
  std::string_view slice(std::int64_t begin, std::int64_t end) const {
    const std::size_t from = starts_[std::size_t(begin)];
    return std::string_view(utf8_).substr(from, starts_[std::size_t(end)] - from);
  }

 private:
  std::string utf8_;
  std::vector<std::size_t> starts_;  // offset of each character, and of the end
  std::vector<std::string> alphabet_;
  std::vector<std::int32_t> ids_;
};

constexpr std::int32_t not_scored = -1;  // as a target

// Random windows of the first `end` characters, as many an epoch as cover them once. The target of
// each character is the next one.
kindling::Dataset random_windows(const Text& text, std::int64_t end, std::int64_t length,
                                 std::int64_t batch_size, std::uint64_t seed);

// Windows in which each character from `begin` on, but for the last few that fill none, is once to
// be predicted, from half a window before it at least.
kindling::Dataset scored_windows(const Text& text, std::int64_t begin, std::int64_t length,
                                 std::int64_t batch_size);

}  // namespace char_lm
