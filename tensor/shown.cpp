#include <kindling/tensor/shown.h>

#include <utf8proc.h>

#include <algorithm>

#include <fmt/format.h>

namespace kindling {
namespace {

bool is_safe_ascii(char c) { return c >= 0x20 && c < 0x7f; }

std::string escape_of(utf8proc_int32_t c) {
  switch (c) {
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: break;
  }
  if (c <= 0xffff) return fmt::format("\\u{:04x}", c);
  // As in JSON: a pair of surrogates.
  return fmt::format("\\u{:04x}\\u{:04x}", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
}

bool moves_or_hides(utf8proc_int32_t c) {
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return true;
    default: return false;
  }
}

// Characters of `kept` stay; those of `marked` get a backslash.
std::string escaped(std::string_view text, std::string_view kept, std::string_view marked) {
  std::string safe;
  safe.reserve(text.size());
  while (!text.empty()) {
    std::size_t size = 1;
    const char c = text[0];
    if (kept.find(c) != kept.npos) {
      safe += c;
    } else if (is_safe_ascii(c)) {
      if (marked.find(c) != marked.npos) safe += '\\';
      safe += c;
    } else {
      utf8proc_int32_t character = 0;
      const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                          static_cast<utf8proc_ssize_t>(text.size()), &character);
      size = bytes < 1 ? 1 : static_cast<std::size_t>(bytes);
      if (bytes < 1) {
        safe += "\ufffd";
      } else if (moves_or_hides(character)) {
        safe += escape_of(character);
      } else {
        safe += text.substr(0, size);
      }
    }
    text.remove_prefix(size);
  }
  return safe;
}

// The nearest place, at or before `at`, that is not inside a character.
std::size_t before_character(std::string_view text, std::size_t at) {
  const auto continues = [&](std::size_t i) {
    return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80;
  };
  for (int back = 0; back < 3 && at > 0 && continues(at); ++back) --at;
  return at;
}

}  // namespace

std::string shown(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) {
    return std::ranges::all_of(text, is_safe_ascii) ? std::string(text) : escaped(text, "", "");
  }
  const std::size_t begin = before_character(text, longest - longest / 4);
  const std::size_t end = before_character(text, text.size() - longest / 4);
  return escaped(text.substr(0, begin), "", "") + "..." + escaped(text.substr(end), "", "");
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 60;
  const bool cut = text.size() > longest;
  if (cut) text = text.substr(0, before_character(text, longest));
  return '"' + escaped(text, "", "\"\\") + (cut ? "\"..." : "\"");
}

std::string shown_lines(std::string_view text) { return escaped(text, "\n", ""); }

}  // namespace kindling
