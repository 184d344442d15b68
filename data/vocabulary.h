// Vocabulary: the words that a model knows, and the number of each.
//
//   TokenCounts counts;
//   for (const TextPair& pair : train) counts.add(pair.first).add(pair.second);
//   Vocabulary vocabulary(counts, {.max_tokens = 20000});
//   std::vector<std::int32_t> ids = vocabulary.encode("A man rides a horse.");
//
// Id 0 is padding, "[PAD]", and id 1 every word that is not in the vocabulary, "[UNK]"; neither can
// come out of tokenize. The others are numbered from the most frequent on, words of equal count by
// their bytes, so the order of the texts does not matter.
//
// The file (vocabulary.txt) has one token a line, in UTF-8: line n, counted from 0, is id n, so it
// starts with the lines [PAD] and [UNK]. It ends with a newline; one that doesn't was cut short.
// Source: Keras's TextVectorization, for ids 0 and 1 and for max_tokens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#pragma GCC visibility push(default)
namespace kindling {

// A hash table from words to numbers that is asked without making a string.
struct TokenHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view token) const {
    return std::hash<std::string_view>()(token);
  }
};
struct TokenEqual {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return a == b; }
};
template <class Number>
using TokenMap = std::unordered_map<std::string, Number, TokenHash, TokenEqual>;

// How often each token occurs.
class TokenCounts {
 public:
  TokenCounts& add(std::string_view text);                            // its tokens
  TokenCounts& add_tokens(const std::vector<std::string>& tokens);
  std::int64_t count(std::string_view token) const;
  const TokenMap<std::int64_t>& map() const { return counts_; }

 private:
  TokenMap<std::int64_t> counts_;
};

struct VocabularyOptions {
  std::int64_t max_tokens = 0;  // size() at most, with the two special ids; 0 is no limit
  std::int64_t min_count = 1;   // rarer tokens are left out
};

class Vocabulary {
 public:
  static constexpr std::int32_t padding = 0;
  static constexpr std::int32_t unknown = 1;
  static constexpr std::int32_t first_word = 2;

  // Errors: max_tokens below 3 (no room for a word) or min_count below 1.
  explicit Vocabulary(const TokenCounts& counts, const VocabularyOptions& options = {});

  // These words, from id 2 on. Errors: one that is empty, not UTF-8, holds a line break or is there
  // twice.
  explicit Vocabulary(const std::vector<std::string>& words);

  // More words, after those there are; one that is known already is passed over.
  void extend(const std::vector<std::string>& words);

  // Strict: names the file and the line of whatever is wrong.
  static Vocabulary read(const std::string& path);
  std::string file_text() const;  // what read() reads

  std::int64_t size() const { return static_cast<std::int64_t>(tokens_.size()); }
  bool contains(std::string_view token) const { return ids_.contains(token); }
  std::int32_t id(std::string_view token) const;   // 1 for a token that it has not
  const std::string& token(std::int64_t id) const; // fails outside [0, size())

  // The ids of a text's tokens; empty for a text without any. The second form is for tokens of
  // another making than tokenize's.
  std::vector<std::int32_t> encode(std::string_view text) const;
  std::vector<std::int32_t> encode_tokens(const std::vector<std::string>& tokens) const;

 private:
  Vocabulary();  // the two special tokens
  // False if it is there already. Errors: a token that is empty, not UTF-8 or holds a line break.
  bool add(std::string_view token);

  std::vector<std::string> tokens_;
  TokenMap<std::int32_t> ids_;
};

}  // namespace kindling
#pragma GCC visibility pop
