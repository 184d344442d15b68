#include <kindling/data/tokens.h>

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>

#include <kindling/data/fields.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr std::string_view sigma = "\u03c3", final_sigma = "\u03c2";

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
}

const utf8proc_uint8_t* bytes(const char* text) {
  return reinterpret_cast<const utf8proc_uint8_t*>(text);
}

// Reads one character; its length in bytes, or below 1 if there is none.
std::ptrdiff_t read_character(std::string_view text, utf8proc_int32_t& character) {
  return utf8proc_iterate(bytes(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                          &character);
}

// What English text consists of needs no tables.
std::vector<std::string> tokenize_ascii(std::string_view text) {
  std::vector<std::string> tokens;
  bool inside = false;
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      if (!inside) tokens.emplace_back();
      tokens.back() += upper ? static_cast<char>(c | 0x20) : c;
      inside = true;
    } else {
      inside = false;
    }
  }
  return tokens;
}

utf8proc_int32_t before_composing(utf8proc_int32_t character, void*) {
  constexpr utf8proc_int32_t zero_width_space = 0x200b;
  return character == zero_width_space ? ' ' : utf8proc_tolower(character);
}

// Lower case comes first: some letters are composed with their mark in lower case only (h with a
// line below), so the other order would leave two spellings of one word.
std::string normalise(std::string_view text) {
  constexpr auto options = static_cast<utf8proc_option_t>(
      UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_IGNORE);
  utf8proc_uint8_t* result = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map_custom(bytes(text.data()), static_cast<utf8proc_ssize_t>(text.size()), &result,
                          options, before_composing, nullptr);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(result, std::free);
  if (size == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc();
  if (size < 0) fail("tokenize: {}", utf8proc_errmsg(size));
  return std::string(reinterpret_cast<const char*>(result), static_cast<std::size_t>(size));
}

// A sigma is written differently at the end of a word, but not when it is the whole word.
void end_word(std::string& token) {
  if (token.size() > sigma.size() && token.ends_with(sigma)) {
    token.replace(token.size() - sigma.size(), sigma.size(), final_sigma);
  }
}

std::vector<std::string> tokenize_unicode(std::string_view text) {
  std::vector<std::string> tokens;
  bool inside = false;
  while (!text.empty()) {
    utf8proc_int32_t character = 0;
    const auto size = static_cast<std::size_t>(read_character(text, character));
    const utf8proc_category_t category = utf8proc_category(character);
    const bool mark = category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
    const bool kept = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
    if (kept && (inside || !mark)) {
      if (!inside) tokens.emplace_back();
      tokens.back().append(text.substr(0, size));
      inside = true;
    } else {
      inside = false;
    }
    text.remove_prefix(size);
  }
  for (std::string& token : tokens) end_word(token);
  return tokens;
}

// `who` is named if the text is not UTF-8.
std::vector<std::string> tokens_of(std::string_view text, std::string_view who) {
  if (is_ascii(text)) return tokenize_ascii(text);
  if (const std::size_t offset = find_invalid_utf8(text); offset != std::string_view::npos) {
    fail("{}: text is not UTF-8, byte {:#04x} at offset {}", who,
         static_cast<unsigned char>(text[offset]), offset);
  }
  return tokenize_unicode(normalise(text));
}

}  // namespace

std::vector<std::string> tokenize(std::string_view text) { return tokens_of(text, "tokenize"); }

void require_tokens(std::string_view text, std::string_view who) {
  if (tokens_of(text, who).empty()) fail("{} has no letter or digit, got {}", who, quoted(text));
}

std::size_t find_invalid_utf8(std::string_view text) {
  std::size_t offset = 0;
  while (offset < text.size()) {
    if ((text[offset] & 0x80) == 0) {
      ++offset;
      continue;
    }
    utf8proc_int32_t character = 0;
    const std::ptrdiff_t size = read_character(text.substr(offset), character);
    if (size < 1) return offset;
    offset += static_cast<std::size_t>(size);
  }
  return std::string_view::npos;
}

}  // namespace kindling
