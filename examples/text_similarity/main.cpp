// text_similarity: trains the CNN+Attention model of the Keras page on AdditiveAttention on pairs
// of texts, measures it, and asks it about new texts.
#include <functional>
#include <optional>

#include <kindling/data/wordnet.h>
#include <kindling/tensor/threads.h>
#include <kindling/tools/program.h>

#include "commands.h"

using namespace kindling;
using namespace text_similarity;

namespace {

void add_files(CLI::App& command, Files& files) {
  files.wordnet = wordnet_folder;
  command.add_option("--data", files.data, "CSV or TSV of two texts and a score; else WordNet");
  command.add_option("--wordnet", files.wordnet, "Folder of WordNet's database")
      ->capture_default_str();
}

// Where a file has what: Settings, or Columns, whose defaults are those of the training.
template <class Places>
void add_columns(CLI::App& command, Places& s) {
  const auto shows_default = [](CLI::Option* option, const auto& value) {
    if constexpr (requires { value.has_value(); }) {
      option->default_str("as in training");
    } else {
      option->default_str(fmt::format("{}", value));
    }
  };
  const auto column = [&](const char* name, auto& value, const char* text) {
    shows_default(command.add_option(name, value, text), value);
  };
  const auto number = [&](const char* name, auto& value, const char* text) {
    shows_default(detail::add_real(command, name, text, -largest_number, largest_number,
                                   [&value](double given) { value = given; }), value);
  };
  column("--first", s.first, "Column of the first text, a number from 0 or a name");
  column("--second", s.second, "Column of the second text");
  column("--score", s.score, "Column of the score");
  number("--score-min", s.score_min, "The score of texts that have nothing in common");
  number("--score-max", s.score_max, "The score of texts that mean the same");
}

void add_training(CLI::App& command, Files& files, Settings& s) {
  command.add_option("--validation", files.validation,
                     "The same for validation; else a tenth of the data");
  add_columns(command, s);
  add_number(command, "--depth", s.depth, "Numbers per word", 1, most_count);
  add_number(command, "--filters", s.filters, "Filters of the convolution", 1, most_count);
  add_number(command, "--kernel-size", s.kernel_size, "Words a filter sees", 1, most_count);
  add_number(command, "--hidden", s.hidden_units, "Units of the hidden layer", 1, most_count);
  add_number(command, "--dropout", s.dropout, "Fraction dropped after embedding and encoding", 0,
             0.99);
  command.add_flag("--mask,!--no-mask", s.mask,
                   "Mask padding in attention and pooling (--no-mask: the page to the letter)");
  add_number(command, "--max-tokens", s.max_tokens, "Size of the vocabulary; 0: no limit", 0,
             most_count);
  add_number(command, "--min-count", s.min_count, "A word is known that occurs so often", 1,
             most_count);
  add_number(command, "--max-length", s.max_length, "Words of a text that are read; 0: all", 0,
             most_count);
  const auto vectors = command.add_option("--vectors", s.vectors,
                                          "GloVe vectors the embedding starts from");
  command.add_flag("--vector-words", s.vector_words,
                   "Know every word of --vectors, not only those of the training pairs")
      ->needs(vectors);
  command.add_flag("--freeze-vectors", s.freeze_vectors, "Leave the embedding as it starts")
      ->needs(vectors);
  add_number(command, "--epochs", s.epochs, "Times the training pairs are gone through", 1,
             1000000);
  add_number(command, "--batch-size", s.batch_size, "Pairs per step", 1, most_count);
  add_number(command, "--learning-rate", s.learning_rate, "Of Adam", 0, largest_number);
  add_number(command, "--patience", s.patience,
             "Epochs without a better validation before it stops", 0, most_count);
  add_number(command, "--seed", s.seed, "Of everything that is random", 0, most_seed);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("How much do two texts say the same?", "text_similarity");
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
    add_threads(*command, threads);
  }
  return run_program(app, argc, argv, [&] {
    set_threads(threads);
    if (train_command->parsed()) train(files, settings, model);
    if (evaluate_command->parsed()) evaluate(evaluation);
    if (predict_command->parsed()) predict(prediction);
  });
}
