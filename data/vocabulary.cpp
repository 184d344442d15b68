#include <kindling/data/vocabulary.h>

#include <algorithm>
#include <utility>

#include <kindling/data/fields.h>
#include <kindling/data/text_file.h>
#include <kindling/data/tokens.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr std::string_view special[] = {"[PAD]", "[UNK]"};

}  // namespace

TokenCounts& TokenCounts::add(std::string_view text) { return add_tokens(tokenize(text)); }

TokenCounts& TokenCounts::add_tokens(const std::vector<std::string>& tokens) {
  for (const std::string& token : tokens) ++counts_[token];
  return *this;
}

std::int64_t TokenCounts::count(std::string_view token) const {
  const auto at = counts_.find(token);
  return at == counts_.end() ? 0 : at->second;
}

Vocabulary::Vocabulary() {
  for (const std::string_view token : special) add(token);
}

Vocabulary::Vocabulary(const TokenCounts& counts, const VocabularyOptions& options)
    : Vocabulary() {
  if (options.max_tokens != 0 && options.max_tokens <= size()) {
    fail("Vocabulary: max_tokens must be at least {}, with the two special tokens, or 0 for no "
         "limit, got {}", size() + 1, options.max_tokens);
  }
  if (options.min_count < 1) {
    fail("Vocabulary: min_count must be at least 1, got {}", options.min_count);
  }
  using Entry = std::pair<std::string_view, std::int64_t>;
  std::vector<Entry> entries;
  for (const auto& [token, count] : counts.map()) {
    if (count >= options.min_count) entries.emplace_back(token, count);
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  std::vector<std::string> words;
  for (const Entry& entry : entries) {
    if (size() + std::ssize(words) == options.max_tokens) break;
    words.emplace_back(entry.first);
  }
  *this = Vocabulary(words);
}

Vocabulary::Vocabulary(const std::vector<std::string>& words) : Vocabulary() {
  for (const std::string& word : words) {
    if (!add(word)) fail("Vocabulary: token {} is there twice", in_quotes(word));
  }
}

void Vocabulary::extend(const std::vector<std::string>& words) {
  for (const std::string& word : words) add(word);
}

bool Vocabulary::add(std::string_view token) {
  if (token.empty()) fail("Vocabulary: a token must not be empty");
  if (token.find_first_of("\r\n") != token.npos) {
    fail("Vocabulary: a token must be within a line, got {}", in_quotes(token));
  }
  if (find_invalid_utf8(token) != token.npos) {  // its file could not be read
    fail("Vocabulary: a token must be UTF-8, got {}", in_quotes(token));
  }
  const auto id = static_cast<std::int32_t>(size());
  const bool is_new = ids_.try_emplace(std::string(token), id).second;
  if (is_new) tokens_.emplace_back(token);
  return is_new;
}

Vocabulary Vocabulary::read(const std::string& path) {
  const std::string text = read_text_file(path);
  Vocabulary vocabulary;
  std::string_view rest = text, line;
  for (std::int64_t number = 1; take_line(rest, line); ++number) {
    if (number <= vocabulary.first_word) {
      const std::string_view token = special[number - 1];
      if (line != token) fail("{}:{}: must be {}, got {}", path, number, token, in_quotes(line));
      continue;
    }
    if (line.empty()) fail("{}:{}: a token must not be empty", path, number);
    if (line.find('\r') != line.npos) {
      fail("{}:{}: lines must end in a newline only, got a carriage return", path, number);
    }
    if (!vocabulary.add(line)) {
      fail("{}:{}: token {} is there twice, first on line {}", path, number, in_quotes(line),
           vocabulary.id(line) + 1);
    }
  }
  const auto lines = std::count(text.begin(), text.end(), '\n');
  if (!text.ends_with('\n')) fail("{}:{}: the last line is cut short", path, lines + 1);
  if (lines < vocabulary.first_word) fail("{}: must start with [PAD] and [UNK]", path);
  return vocabulary;
}

std::string Vocabulary::file_text() const {
  std::string text;
  for (const std::string& token : tokens_) text.append(token) += '\n';
  return text;
}

std::int32_t Vocabulary::id(std::string_view token) const {
  const auto at = ids_.find(token);
  return at == ids_.end() ? unknown : at->second;
}

const std::string& Vocabulary::token(std::int64_t id) const {
  if (id < 0 || id >= size()) fail("Vocabulary: id {} is outside [0, {})", id, size());
  return tokens_[static_cast<std::size_t>(id)];
}

std::vector<std::int32_t> Vocabulary::encode(std::string_view text) const {
  return encode_tokens(tokenize(text));
}

std::vector<std::int32_t> Vocabulary::encode_tokens(const std::vector<std::string>& tokens) const {
  std::vector<std::int32_t> ids;
  ids.reserve(tokens.size());
  for (const std::string& token : tokens) ids.push_back(id(token));
  return ids;
}

}  // namespace kindling
