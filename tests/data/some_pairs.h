// Made-up pairs of texts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <kindling/data/text_pair.h>
#include <kindling/data/vocabulary.h>
#include <kindling/tensor/random.h>

namespace kindling {

// "w1 w2 w2 .." for words of a vocabulary of 20.
inline std::string words(std::int64_t count, Generator& generator) {
  std::string text;
  for (std::int64_t i = 0; i < count; ++i) {
    text += (i > 0 ? " w" : "w") + std::to_string(generator.below(20));
  }
  return text;
}

inline Vocabulary vocabulary() {
  std::vector<std::string> list;
  for (int i = 0; i < 20; ++i) list.push_back("w" + std::to_string(i));
  return Vocabulary(list);
}

// Texts of 1 to 30 words, mostly short.
inline std::vector<TextPair> some_pairs(std::int64_t count) {
  Generator generator(3);
  std::vector<TextPair> pairs;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto length = [&] { return 1 + generator.below(generator.below(30) + 1); };
    const std::string first = words(length(), generator), second = words(length(), generator);
    pairs.push_back({first, second, static_cast<float>(generator.uniform())});
  }
  return pairs;
}

}  // namespace kindling
