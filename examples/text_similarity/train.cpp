#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include <kindling/io/model_folder.h>
#include <kindling/kindling.h>
#include <kindling/tools/program.h>
#include <kindling/tools/stoppable_run.h>

#include "commands.h"
#include "model.h"
#include "saved.h"

namespace text_similarity {

using namespace kindling;

namespace {

Vocabulary vocabulary_of(const TrainingTexts& texts, const Settings& settings) {
  TokenCounts counts;
  for (const TextPair& pair : texts.train) counts.add(pair.first).add(pair.second);
  Vocabulary vocabulary(counts, {.max_tokens = settings.max_tokens,
                                 .min_count = settings.min_count});
  if (settings.vector_words) vocabulary.extend(read_vector_words(settings.vectors));
  return vocabulary;
}

// The table the embedding starts from: vectors of the words that are in the file, small random
// numbers for the others.
Tensor start_vectors(Settings& settings, const Vocabulary& vocabulary) {
  if (settings.vectors.empty()) return {};
  const WordVectors read = read_word_vectors(settings.vectors, vocabulary);
  if (read.found_count == 0) throw Error(settings.vectors + ": none of its words is known here");
  settings.depth = read.dim;
  Tensor table = random_uniform({vocabulary.size(), read.dim}, -0.05f, 0.05f);
  for (std::int64_t id = 0; id < vocabulary.size(); ++id) {
    if (!read.found[static_cast<std::size_t>(id)]) continue;
    std::copy_n(read.values.begin() + id * read.dim, read.dim,
                table.mutable_floats().begin() + id * read.dim);
  }
  fmt::print("{}\n", read.report(vocabulary));
  return table;
}

// Beside the model, whatever slashes end its name.
std::string backup_of(std::string model_folder) {
  while (model_folder.size() > 1 && model_folder.ends_with('/')) model_folder.pop_back();
  return model_folder + ".backup";
}

}  // namespace

void train(const Files& files, Settings settings, const std::string& model_folder) {
  check_can_save_model_folder(model_folder, {"vocabulary.txt", "settings.json"});
  set_random_seed(static_cast<std::uint64_t>(settings.seed));
  const TrainingTexts texts = training_texts(files, settings);
  settings.data = files.data;
  settings.graded = has_grades(texts.train);
  to_text(settings);  // a path that is not UTF-8 is an error before the training
  const Vocabulary vocabulary = vocabulary_of(texts, settings);
  fmt::print("{} pairs to train on, {} to validate, {} words\n", texts.train.size(),
             texts.validation.size(), vocabulary.size());
  if (vocabulary.size() == Vocabulary::first_word) {
    throw Error(fmt::format("no word occurs {} times in the training texts; --min-count says how "
                            "often one must", settings.min_count));
  }
  const Tensor vectors = start_vectors(settings, vocabulary);

  const auto seed = static_cast<std::uint64_t>(settings.seed);
  const auto dataset = [&](const std::vector<TextPair>& pairs, bool shuffle) {
    return text_pairs(pairs, vocabulary, {.batch_size = settings.batch_size, .shuffle = shuffle,
                                          .seed = seed, .max_length = settings.max_length});
  };
  const Dataset train = dataset(texts.train, true), dev = dataset(texts.validation, false);

  Model model = build_model(settings, vocabulary.size(), vectors);
  fmt::print("{}", model.summary());
  check_output();  // before hours of training
  const Adam optimizer({.learning_rate = settings.learning_rate});
  if (settings.graded) {
    model.compile({.optimizer = optimizer, .loss = MeanSquaredError(),
                   .metrics = {PearsonCorrelation({.over_all = true, .name = "pearson"})}});
  } else {
    model.compile({.optimizer = optimizer, .loss = BinaryCrossentropy(), .metrics = {AUC()}});
  }
  const EarlyStopping stop({.monitor = settings.graded ? "val_pearson" : "val_auc",
                            .patience = settings.patience, .restore_best_weights = true});
  const auto start = std::chrono::steady_clock::now();
  const StoppableRun run(backup_of(model_folder),
                         fmt::format("{} {} {}", texts.train.size(), texts.validation.size(),
                                     hash_of(vocabulary)));
  const History history = model.fit(train, {.epochs = static_cast<int>(settings.epochs),
                                            .callbacks = run.with({stop}),
                                            .validation_data = dev});
  run.finish(history);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  save(model, vocabulary, settings, model_folder);
  fmt::print("Trained in {:.1f} s; the weights of epoch {} are in {}\n", seconds.count(),
             stop.best_epoch() + 1, model_folder);
}

}  // namespace text_similarity
