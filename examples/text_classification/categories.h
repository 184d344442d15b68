// WordNet's definitions of nouns and the categories its authors filed them under.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace text_classification {

// The names of the 26 categories, "Tops", "act", ..., "time". Tops are the most general nouns.
// Source: the manual page lexnames(5WN), where they are noun.Tops (3) to noun.time (28).
extern const std::vector<std::string> categories;

// A definition and its category, from 0.
using Example = std::pair<std::string, std::int64_t>;
struct Split {
  std::vector<Example> train, validation, test;
};

// Every definition once, in whatever category it comes first, so that none is in two parts. The
// split is the same for every seed of a training.
Split read_definitions(const std::string& wordnet_folder);

}  // namespace text_classification
