#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <iterator>

#include <kindling/kindling.h>

#include "commands.h"
#include "heatmap.h"

namespace text_similarity {

using namespace kindling;

namespace {

struct Loaded {
  Settings settings;
  Vocabulary vocabulary;
  Model model;
};

std::vector<std::string> words_of(const std::string& text, const Settings& settings) {
  std::vector<std::string> words = tokenize(text);
  const auto limit = static_cast<std::size_t>(settings.max_length);
  if (limit > 0 && words.size() > limit) words.resize(limit);
  return words;
}

Tensor ids_of(const std::vector<std::string>& words, const Vocabulary& vocabulary) {
  return padded_ids({vocabulary.encode_tokens(words)});
}

// (Tq, Tv): how much each word of the first text attends to each of the second. The model's own
// layers, called eagerly.
Tensor attention_of(const Model& model, const Tensor& query, const Tensor& value) {
  const NoGrad no_grad;
  const Layer embedding = model.get_layer("token_embedding"), cnn = model.get_layer("cnn_layer");
  const auto attention = model.get_layer<AdditiveAttention>("attention");
  const Tensor q = cnn(embedding(query)), v = cnn(embedding(value));
  return squeeze(attention.with_scores({q, v}).scores, 0);
}

void predict_one(const Loaded& loaded, const PredictOptions& options) {
  require_tokens(options.first, "predict: the first text");
  require_tokens(options.second, "predict: the second text");
  const auto first = words_of(options.first, loaded.settings);
  const auto second = words_of(options.second, loaded.settings);
  const Tensor query = ids_of(first, loaded.vocabulary), value = ids_of(second, loaded.vocabulary);
  const float score = loaded.model.predict({query, value}).item();
  fmt::print("score {:.4f}\n\n", score);
  fmt::print("Where each word of the first text (left) looks in the second (top):\n\n{}",
             heatmap(first, second, attention_of(loaded.model, query, value)));
  std::vector<std::string> unknown;
  for (const auto* words : {&first, &second}) {
    std::ranges::copy_if(*words, std::back_inserter(unknown), [&](const std::string& word) {
      return !loaded.vocabulary.contains(word);
    });
  }
  if (!unknown.empty()) fmt::print("\nThe model doesn't know: {}\n", fmt::join(unknown, ", "));
}

void predict_batch(const Loaded& loaded) {
  std::int64_t number = 0;
  for (std::string line; std::getline(std::cin, line);) {
    const TextPair pair = parse_pair_line(line, "standard input", ++number);
    const Tensor query = ids_of(words_of(pair.first, loaded.settings), loaded.vocabulary);
    const Tensor value = ids_of(words_of(pair.second, loaded.settings), loaded.vocabulary);
    fmt::print("{}\n", loaded.model.predict({query, value}).item());
    std::fflush(stdout);
  }
}

}  // namespace

void predict(const PredictOptions& options) {
  if (options.batch && !options.first.empty()) {
    throw Error("predict: with --batch, pairs come from standard input, not as arguments");
  }
  if (!options.batch && (options.first.empty() || options.second.empty())) {
    throw Error("predict: two texts that aren't empty are needed, or --batch and pairs on standard "
                "input");
  }
  const Loaded loaded{settings_of_model(options.model),
                      Vocabulary::read(options.model + "/vocabulary.txt"),
                      Model::load(options.model)};
  if (options.batch) {
    predict_batch(loaded);
  } else {
    predict_one(loaded, options);
  }
}

}  // namespace text_similarity
