#include <kindling/data/word_vectors.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <unordered_set>

#include <kindling/data/fields.h>
#include <kindling/data/text_file.h>
#include <kindling/data/tokens.h>
#include <kindling/data/vocabulary.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr std::int64_t most_numbers = 1 << 14;  // of a vector; there are some of a few thousand

std::int64_t spaces(std::string_view line) { return std::count(line.begin(), line.end(), ' '); }

// Some files end their lines with a space or were saved with "\r\n".
std::string_view without_end(std::string_view line) {
  const std::size_t last = line.find_last_not_of(" \r");
  return line.substr(0, last == line.npos ? 0 : last + 1);
}

// Where the last `count` fields start, that is after the count-th space from the end.
std::size_t last_fields(std::string_view line, std::int64_t count) {
  std::size_t at = line.size();
  for (; count > 0; --count) {
    at = at == 0 ? line.npos : line.rfind(' ', at - 1);
    if (at == line.npos) return line.npos;
  }
  return at + 1;
}

struct Header {
  std::int64_t words, dim;
};

// "400000 100"; a word with a vector of one number is no header unless it is a number itself.
std::optional<Header> parse_header(std::string_view line, const std::string& path) {
  const std::size_t space = line.find(' ');
  if (space == line.npos) return {};
  const std::string_view first = line.substr(0, space), second = line.substr(space + 1);
  for (const std::string_view field : {first, second}) {
    if (field.empty() || field.find_first_not_of("0123456789") != field.npos) return {};
  }
  const auto words = parse_digits(first), dim = parse_digits(second);
  if (!words || !dim) fail("{}:1: the counts are too large, got {}", path, in_quotes(line));
  return Header{*words, *dim};
}

void parse_vector(std::string_view fields, float* values, const std::string& place) {
  for (; !fields.empty(); ++values) {
    const std::string_view field = fields.substr(0, fields.find(' '));
    const auto number = parse_number(field);
    // One that is too large for a float would become infinite.
    if (!number || std::abs(*number) > std::numeric_limits<float>::max()) {
      fail("{}: a vector's numbers must be finite, got {}", place, in_quotes(field));
    }
    *values = static_cast<float>(*number);
    fields.remove_prefix(std::min(field.size() + 1, fields.size()));
  }
}

// Calls visit(word, its numbers as text, line number) for each line, after the dimension is stored.
template <class Visit>
void for_each_vector(const Lines& next, const std::string& path, std::int64_t& dim,
                     Visit&& visit) {
  std::optional<Header> header;
  std::int64_t number = 0, words = 0;
  for (std::string_view line; next(line);) {
    ++number;
    line = without_end(line);
    if (number == 1) {
      require_utf8(line, path);  // most likely UTF-16 if it is not; some words are in no encoding
      header = parse_header(line, path);
      dim = header ? header->dim : spaces(line);
      if (dim < 1) fail("{}:1: must be a word and its vector, got {}", path, in_quotes(line));
      // Each word of the vocabulary gets as many.
      if (dim > most_numbers) {
        fail("{}:1: a vector has at most {} numbers, got {}", path, most_numbers, dim);
      }
      if (header) continue;
    }
    ++words;
    const std::size_t begin = last_fields(line, dim);
    if (begin == line.npos) {
      fail("{}:{}: must be a word and {} numbers, got {} fields", path, number, dim,
           spaces(line) + 1);
    }
    visit(line.substr(0, begin - 1), line.substr(begin), number);
  }
  if (number == 0) fail("{}: is empty", path);
  if (words == 0) fail("{}: has a first line and no vectors", path);
  if (header && header->words != words) {
    fail("{}:1: says {} words, got {}", path, header->words, words);
  }
}

WordVectors vectors_of(const Lines& lines, const std::string& name, const Vocabulary& vocabulary) {
  WordVectors vectors;
  vectors.name = name;
  for_each_vector(lines, name, vectors.dim, [&](std::string_view word, std::string_view numbers,
                                                std::int64_t line) {
    if (vectors.values.empty()) {
      vectors.values.resize(static_cast<std::size_t>(vocabulary.size() * vectors.dim));
      vectors.found.resize(static_cast<std::size_t>(vocabulary.size()));
    }
    const std::int32_t id = vocabulary.id(word);
    if (id < Vocabulary::first_word || vectors.found[static_cast<std::size_t>(id)]) return;
    parse_vector(numbers, vectors.values.data() + id * vectors.dim,
                 fmt::format("{}:{}", name, line));
    vectors.found[static_cast<std::size_t>(id)] = true;
    ++vectors.found_count;
  });
  return vectors;
}

}  // namespace

std::string WordVectors::report(const Vocabulary& vocabulary, int examples) const {
  if (vocabulary.size() != std::ssize(found)) {
    fail("{}: was read for a vocabulary of {} tokens, got one of {}", name, found.size(),
         vocabulary.size());
  }
  const std::int64_t words = vocabulary.size() - Vocabulary::first_word;
  std::string text = fmt::format("{}: {} of {} words found", name, found_count, words);
  if (words > 0) {
    text += fmt::format(" ({:.1f}%)", 100 * static_cast<double>(found_count) /
                                          static_cast<double>(words));
  }
  text += fmt::format(", dimension {}", dim);
  std::vector<std::string> missing;
  for (std::int64_t id = Vocabulary::first_word; id < vocabulary.size(); ++id) {
    if (std::ssize(missing) == examples) break;
    if (!found[static_cast<std::size_t>(id)]) missing.push_back(in_quotes(vocabulary.token(id)));
  }
  if (missing.empty()) return text;
  const bool all = std::ssize(missing) == words - found_count;
  return fmt::format("{}; not found: {}{}", text, fmt::join(missing, ", "), all ? "" : ", ...");
}

WordVectors read_word_vectors(const std::string& path, const Vocabulary& vocabulary) {
  return vectors_of(lines_of_file(path), path, vocabulary);
}

WordVectors parse_word_vectors(std::string_view text, const std::string& name,
                               const Vocabulary& vocabulary) {
  return vectors_of(lines_of(text), name, vocabulary);
}

std::vector<std::string> read_vector_words(const std::string& path) {
  std::vector<std::string> words;
  std::unordered_set<std::string> seen;
  std::int64_t dim = 0;
  const auto add = [&](std::string_view word, std::string_view, std::int64_t) {
    if (find_invalid_utf8(word) != word.npos) return;
    const std::vector<std::string> tokens = tokenize(word);
    if (tokens.size() == 1 && tokens[0] == word && seen.insert(tokens[0]).second) {
      words.push_back(tokens[0]);
    }
  };
  for_each_vector(lines_of_file(path), path, dim, add);
  return words;
}

}  // namespace kindling
