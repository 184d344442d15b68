// The pairs that the program trains and evaluates on.
#pragma once

#include <string>
#include <vector>

#include <kindling/data/text_pair.h>

#include "settings.h"

namespace text_similarity {

struct Files {
  std::string data;        // empty: WordNet
  std::string validation;  // empty: a tenth of the data
  std::string wordnet;     // its folder
};

struct TrainingTexts {
  std::vector<kindling::TextPair> train, validation;
};
TrainingTexts training_texts(const Files& files, const Settings& settings);

// The pairs of a file, or WordNet's test pairs.
std::vector<kindling::TextPair> evaluation_texts(const Files& files, const Settings& settings);

// Whether some score is neither 0 nor 1.
bool has_grades(const std::vector<kindling::TextPair>& pairs);

}  // namespace text_similarity
