#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <memory>

#include <kindling/data/text_file.h>
#include <kindling/kindling.h>
#include <kindling/tensor/shown.h>
#include <kindling/tools/program.h>

#include "commands.h"
#include "heatmap.h"
#include "saved.h"

namespace text_similarity {

using namespace kindling;

namespace {

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

void predict_one(const Saved& saved, const PredictOptions& options) {
  require_tokens(options.first, "predict: the first text");
  require_tokens(options.second, "predict: the second text");
  const auto first = words_of(options.first, saved.settings);
  const auto second = words_of(options.second, saved.settings);
  const Tensor query = ids_of(first, saved.vocabulary), value = ids_of(second, saved.vocabulary);
  const Tensor score = saved.model.predict({query, value});
  require_numbers(score, "predict");
  fmt::print("score {:.4f}\n\n", score.item());
  constexpr std::int64_t most_cells = 100'000;  // nobody reads more
  if (query.elements() * value.elements() <= most_cells) {
    fmt::print("Where each word of the first text (left) looks in the second (top):\n\n{}",
               heatmap(first, second, attention_of(saved.model, query, value)));
  } else {
    fmt::print("The texts are too long to show where each word looks\n");
  }
  std::vector<std::string> unknown;
  for (const auto* words : {&first, &second}) {
    for (const std::string& word : *words) {
      if (!saved.vocabulary.contains(word)) unknown.push_back(shown(word, longest_word));
    }
  }
  if (!unknown.empty()) fmt::print("\nThe model doesn't know: {}\n", fmt::join(unknown, ", "));
}

void predict_batch(const Saved& saved) {
  const std::shared_ptr<std::istream> input(&std::cin, [](std::istream*) {});
  const Lines next = lines_of_stream(input, "standard input");
  std::int64_t number = 0;
  for (std::string_view line; next(line);) {
    const TextPair pair = parse_pair_line(line, "standard input", ++number);
    const Tensor query = ids_of(words_of(pair.first, saved.settings), saved.vocabulary);
    const Tensor value = ids_of(words_of(pair.second, saved.settings), saved.vocabulary);
    const Tensor score = saved.model.predict({query, value});
    require_numbers(score, fmt::format("standard input:{}", number));
    fmt::print("{}\n", score.item());
    check_output();
  }
  if (std::ferror(stdin) != 0) throw Error("standard input: cannot be read to its end");
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
  const Saved saved = load(options.model);
  if (options.batch) {
    predict_batch(saved);
  } else {
    predict_one(saved, options);
  }
}

}  // namespace text_similarity
