// text_similarity: trains the CNN+Attention model of the Keras page on AdditiveAttention on pairs
// of texts, measures it, and asks it about new texts.
#include <CLI/CLI.hpp>
#include <concepts>
#include <cstdio>
#include <functional>

#include <kindling/data/wordnet.h>
#include <kindling/tensor/threads.h>

#include "commands.h"

using namespace text_similarity;

namespace {

void add_files(CLI::App& command, Files& files) {
  files.wordnet = kindling::wordnet_folder;
  command.add_option("--data", files.data, "CSV or TSV of two texts and a score; else WordNet");
  command.add_option("--wordnet", files.wordnet, "Folder of WordNet's database")
      ->capture_default_str();
}

// Where a file has what: Settings, or Columns, whose defaults are those of the training.
template <class Places>
void add_columns(CLI::App& command, Places& s) {
  const auto option = [&](const char* name, auto& value, const char* text) {
    CLI::Option* added = command.add_option(name, value, text);
    if constexpr (std::same_as<Places, Settings>) {
      added->capture_default_str();
    } else {
      added->default_str("as in training");
    }
  };
  option("--first", s.first, "Column of the first text, a number from 0 or a name");
  option("--second", s.second, "Column of the second text");
  option("--score", s.score, "Column of the score");
  option("--score-min", s.score_min, "The score of texts that have nothing in common");
  option("--score-max", s.score_max, "The score of texts that mean the same");
}

void add_training(CLI::App& command, Files& files, Settings& s) {
  const auto option = [&](const char* name, auto& value, const char* text) {
    return command.add_option(name, value, text)->capture_default_str();
  };
  command.add_option("--validation", files.validation,
                     "The same for validation; else a tenth of the data");
  add_columns(command, s);
  option("--depth", s.depth, "Numbers a word")->check(CLI::PositiveNumber);
  option("--filters", s.filters, "Filters of the convolution")->check(CLI::PositiveNumber);
  option("--kernel-size", s.kernel_size, "Words a filter sees")->check(CLI::PositiveNumber);
  option("--hidden", s.hidden_units, "Units of the hidden layer")->check(CLI::PositiveNumber);
  option("--dropout", s.dropout, "Fraction dropped after embedding and encoding")
      ->check(CLI::Range(0.0, 0.99));
  command.add_flag("--mask,!--no-mask", s.mask,
                   "Mask padding in attention and pooling (--no-mask: the page to the letter)");
  option("--max-tokens", s.max_tokens, "Size of the vocabulary; 0: no limit");
  option("--min-count", s.min_count, "A word is known that occurs so often")
      ->check(CLI::PositiveNumber);
  option("--max-length", s.max_length, "Words of a text that are read; 0: all");
  const auto vectors = command.add_option("--vectors", s.vectors,
                                          "GloVe vectors the embedding starts from");
  command.add_flag("--vector-words", s.vector_words,
                   "Know every word of --vectors, not only those of the training pairs")
      ->needs(vectors);
  command.add_flag("--freeze-vectors", s.freeze_vectors, "Leave the embedding as it starts")
      ->needs(vectors);
  option("--epochs", s.epochs, "Times the training pairs are gone through")
      ->check(CLI::Range(1, 1000000));
  option("--batch-size", s.batch_size, "Pairs a step")->check(CLI::PositiveNumber);
  option("--learning-rate", s.learning_rate, "Of Adam")->check(CLI::NonNegativeNumber);
  option("--patience", s.patience, "Epochs without a better validation before it stops");
  option("--seed", s.seed, "Of everything that is random");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("How much do two texts say the same?");
  app.require_subcommand(1);
  int threads = kindling::threads();
  Files files;
  Settings settings;
  std::string model;
  EvaluateOptions evaluation;
  PredictOptions prediction;

  CLI::App* train_command = app.add_subcommand("train", "Train a model and save it");
  add_files(*train_command, files);
  add_training(*train_command, files, settings);
  train_command->add_option("--model", model, "Folder to save to")->required();

  CLI::App* evaluate_command = app.add_subcommand("evaluate", "Measure a model on pairs");
  evaluate_command->add_option("--model", evaluation.model, "Folder of the model")->required();
  add_files(*evaluate_command, evaluation.files);
  add_columns(*evaluate_command, evaluation.columns);
  evaluate_command->add_flag("--json", evaluation.json, "Print JSON");
  evaluate_command->add_option("--predictions", evaluation.predictions,
                               "File to write the scores to, 0 to 1, one a line");

  CLI::App* predict_command =
      app.add_subcommand("predict", "Score two texts, 0 to 1, and show the attention");
  predict_command->add_option("--model", prediction.model, "Folder of the model")->required();
  predict_command->add_flag("--batch", prediction.batch,
                            "Read pairs from standard input, a line each, a tab between");
  predict_command->add_option("first", prediction.first, "First text");
  predict_command->add_option("second", prediction.second, "Second text");

  for (CLI::App* command : {train_command, evaluate_command, predict_command}) {
    command->add_option("--threads", threads, "Threads to use")
        ->capture_default_str()
        ->check(CLI::Range(1, kindling::most_threads));
  }
  CLI11_PARSE(app, argc, argv);
  try {
    kindling::set_threads(threads);
    if (train_command->parsed()) train(files, settings, model);
    if (evaluate_command->parsed()) evaluate(evaluation);
    if (predict_command->parsed()) predict(prediction);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "text_similarity: %s\n", error.what());
    return 1;
  }
  return 0;
}
