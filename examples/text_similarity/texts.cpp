#include "texts.h"

#include <algorithm>

#include <kindling/data/delimited.h>
#include <kindling/data/wordnet.h>
#include <kindling/tensor/error.h>
#include <kindling/tensor/random.h>

namespace text_similarity {

using namespace kindling;

namespace {

// WordNet is always split alike, so that no seed of a training ever sees the test part.
PairSplit wordnet(const Files& files) { return wordnet_pairs(files.wordnet); }

std::vector<TextPair> read(const std::string& path, const Settings& s) {
  return read_pairs(path, {.first = s.first, .second = s.second, .score = s.score,
                           .score_min = s.score_min, .score_max = s.score_max});
}

}  // namespace

TrainingTexts training_texts(const Files& files, const Settings& settings) {
  if (files.data.empty()) {
    if (!files.validation.empty()) throw Error("--validation goes with --data FILE");
    PairSplit split = wordnet(files);
    return {std::move(split.train), std::move(split.validation)};
  }
  TrainingTexts texts{read(files.data, settings), {}};
  if (!files.validation.empty()) {
    texts.validation = read(files.validation, settings);
    return texts;
  }
  // Files are often sorted: what is kept for validation comes from everywhere.
  Generator generator(static_cast<std::uint64_t>(settings.seed));
  std::vector<TextPair> shuffled;
  for (const std::int64_t i : permutation(std::ssize(texts.train), generator)) {
    shuffled.push_back(std::move(texts.train[static_cast<std::size_t>(i)]));
  }
  texts.train = std::move(shuffled);
  const auto kept = static_cast<std::ptrdiff_t>(texts.train.size() - texts.train.size() / 10);
  texts.validation.assign(texts.train.begin() + kept, texts.train.end());
  texts.train.resize(static_cast<std::size_t>(kept));
  if (texts.validation.empty()) {
    throw Error(files.data + ": at least 10 pairs are needed to keep a tenth for validation, or "
                             "--validation FILE");
  }
  return texts;
}

std::vector<TextPair> evaluation_texts(const Files& files, const Settings& settings) {
  if (!files.data.empty()) return read(files.data, settings);
  if (!settings.data.empty()) {
    throw Error("the model was trained on " + settings.data + "; --data FILE says what to measure "
                "it on");
  }
  return wordnet(files).test;
}

bool has_grades(const std::vector<TextPair>& pairs) {
  return std::ranges::any_of(pairs, [](const TextPair& p) { return p.score != 0 && p.score != 1; });
}

}  // namespace text_similarity
