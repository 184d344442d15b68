#include <kindling/data/overlap.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include <kindling/data/tokens.h>

namespace kindling {
namespace {

// In order, to be searched.
constexpr std::string_view function_words[] = {
    "a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "has", "he", "in", "is",
    "it", "its", "of", "on", "that", "the", "to", "was", "were", "will", "with"};
static_assert(std::is_sorted(std::begin(function_words), std::end(function_words)));

// In order, each once.
std::vector<std::string> content_words(std::string_view text) {
  std::vector<std::string> words = tokenize(text);
  std::erase_if(words, [](const std::string& word) { return is_function_word(word); });
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

}  // namespace

bool is_function_word(std::string_view token) {
  return std::binary_search(std::begin(function_words), std::end(function_words), token);
}

float word_overlap(std::string_view first, std::string_view second) {
  const std::vector<std::string> a = content_words(first), b = content_words(second);
  std::vector<std::string> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  const std::size_t either = a.size() + b.size() - both.size();
  return either == 0 ? 0 : static_cast<float>(both.size()) / static_cast<float>(either);
}

}  // namespace kindling
