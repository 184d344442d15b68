#include "categories.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unordered_set>

#include <kindling/kindling.h>

namespace text_classification {

using namespace kindling;

const std::vector<std::string> categories = {
    "Tops",     "act",     "animal", "artifact", "attribute", "body",       "cognition",
    "communication",       "event",  "feeling",  "food",      "group",      "location",
    "motive",   "object",  "person", "phenomenon", "plant",   "possession", "process",
    "quantity", "relation", "shape", "state",    "substance", "time"};

Split read_definitions(const std::string& wordnet_folder) {
  constexpr int first_noun_file = 3;
  std::vector<Example> examples;
  std::unordered_set<std::string> seen;  // as the model sees them: words alone
  for (const Synset& synset : read_wordnet_nouns(wordnet_folder)) {
    const std::vector<std::string> words = tokenize(synset.definition);
    if (words.empty() || !seen.insert(fmt::format("{}", fmt::join(words, " "))).second) continue;
    const std::int64_t category = synset.lexicographer_file - first_noun_file;
    if (category < 0 || category >= std::ssize(categories)) {
      throw Error(fmt::format("WordNet: lexicographer file {} of synset {:08} holds no nouns",
                              synset.lexicographer_file, synset.offset));
    }
    examples.emplace_back(synset.definition, category);
  }
  // The file goes from category to category.
  Generator generator(1);
  Split split;
  const std::int64_t tenth = std::ssize(examples) / 10;
  const std::vector<std::int64_t> order = permutation(std::ssize(examples), generator);
  for (std::int64_t i = 0; i < std::ssize(order); ++i) {
    auto& part = i < tenth ? split.test : i < 2 * tenth ? split.validation : split.train;
    part.push_back(std::move(examples[static_cast<std::size_t>(
        order[static_cast<std::size_t>(i)])]));
  }
  return split;
}

}  // namespace text_classification
