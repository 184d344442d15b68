// What a text-similarity model was made and trained with. Kept beside it as settings.json.
#pragma once

#include <cstdint>
#include <string>

#include <kindling/layers/config.h>

namespace text_similarity {

struct Settings {
  // The model
  std::int64_t depth = 100;        // of the embedding
  std::int64_t filters = 100;
  std::int64_t kernel_size = 4;
  std::int64_t hidden_units = 64;
  double dropout = 0.2;
  bool mask = true;                // padding is masked in attention and pooling
  // The words
  std::int64_t max_tokens = 0;     // of the vocabulary; 0: all that are frequent enough
  std::int64_t min_count = 3;
  std::int64_t max_length = 64;    // words of a text that are read
  std::string vectors;             // GloVe file the embedding started from
  bool vector_words = false;       // its words are known too, not only the training texts'
  bool freeze_vectors = false;     // the embedding is not trained
  // The training
  std::int64_t epochs = 6;
  std::int64_t batch_size = 128;
  double learning_rate = 3e-3;
  std::int64_t patience = 2;       // epochs without a better validation metric
  std::int64_t seed = 1;
  // The data
  std::string data;                // file, empty for WordNet
  bool graded = false;             // scores between 0 and 1, not only these two
  std::string first = "0", second = "1", score = "2";  // columns
  double score_min = 0, score_max = 1;
  // What was saved beside it; empty in a folder of before there were hashes.
  std::string vocabulary_hash, weights_hash;

  void fields(kindling::Fields& f);
};

std::string to_text(Settings settings);
// Fails if the folder holds no model that this program trained.
Settings settings_of_model(const std::string& folder);

}  // namespace text_similarity
