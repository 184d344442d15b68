#include <kindling/data/tokens.h>

#include <utf8proc.h>

#include <algorithm>
#include <functional>
#include <iterator>

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

utf8proc_int32_t before_composing(utf8proc_int32_t character) {
  constexpr utf8proc_int32_t zero_width_space = 0x200b;
  return character == zero_width_space ? ' ' : utf8proc_tolower(character);
}

using Characters = std::vector<utf8proc_int32_t>;

// Marks after a letter stand in the order of their classes (Unicode's canonical order).
// utf8proc_decompose sorts them too, but in time quadratic in how many there are.
void order_marks(Characters& characters) {
  const auto class_of = [](utf8proc_int32_t c) {
    return utf8proc_get_property(c)->combining_class;
  };
  const auto is_mark = [&](utf8proc_int32_t c) { return class_of(c) > 0; };
  for (auto end = characters.begin(); end != characters.end();) {
    const auto begin = std::find_if(end, characters.end(), is_mark);
    end = std::find_if_not(begin, characters.end(), is_mark);
    std::ranges::stable_sort(begin, end, std::less(), class_of);
  }
}

// Lower case comes first: some letters are composed with their mark in lower case only (h with a
// line below), so the other order would leave two spellings of one word.
Characters normalise(std::string_view text) {
  constexpr auto options = static_cast<utf8proc_option_t>(
      UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_IGNORE);
  Characters characters;
  characters.reserve(text.size());
  while (!text.empty()) {
    utf8proc_int32_t character = 0, parts[8];  // Unicode takes none into more than 4
    text.remove_prefix(static_cast<std::size_t>(read_character(text, character)));
    const utf8proc_ssize_t count = utf8proc_decompose_char(
        before_composing(character), parts, std::ssize(parts), options, nullptr);
    if (count < 0) fail("tokenize: {}", utf8proc_errmsg(count));
    characters.insert(characters.end(), parts, parts + count);
  }
  order_marks(characters);
  const utf8proc_ssize_t size = utf8proc_normalize_utf32(characters.data(), std::ssize(characters),
                                                         options);
  if (size < 0) fail("tokenize: {}", utf8proc_errmsg(size));
  characters.resize(static_cast<std::size_t>(size));
  return characters;
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
  for (const utf8proc_int32_t character : normalise(text)) {
    const utf8proc_category_t category = utf8proc_category(character);
    const bool mark = category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
    const bool kept = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
    if (kept && (inside || !mark)) {
      if (!inside) tokens.emplace_back();
      utf8proc_uint8_t bytes_of_it[4];
      const utf8proc_ssize_t size = utf8proc_encode_char(character, bytes_of_it);
      tokens.back().append(bytes_of_it, bytes_of_it + size);
      inside = true;
    } else {
      inside = false;
    }
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
  return tokenize_unicode(text);
}

}  // namespace

std::vector<std::string> tokenize(std::string_view text) { return tokens_of(text, "tokenize"); }

void require_tokens(std::string_view text, std::string_view who) {
  if (tokens_of(text, who).empty()) fail("{} has no letter or digit, got {}", who, in_quotes(text));
}

}  // namespace kindling
