// A model with what it was trained with, as a folder.
#pragma once

#include <string>

#include <kindling/kindling.h>

#include "settings.h"

namespace text_similarity {

struct Saved {
  Settings settings;
  kindling::Vocabulary vocabulary;
  kindling::Model model;
};

void save(const kindling::Model& model, const kindling::Vocabulary& vocabulary, Settings settings,
          const std::string& folder);

// Fails if the files are not those of one training: by their sizes, and by the hashes that save()
// writes into settings.json. The scores of another vocabulary's ids would mean nothing.
Saved load(const std::string& folder);

// A number that tells vocabularies apart.
std::string hash_of(const kindling::Vocabulary& vocabulary);

// Scores that are no numbers are an error: the weights aren't either, or are far too large.
void require_numbers(const kindling::Tensor& scores, const std::string& who);

}  // namespace text_similarity
