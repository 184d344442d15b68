// text_classification: which of 26 categories a noun belongs to, by its definition in WordNet.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include <kindling/kindling.h>
#include <kindling/tensor/shown.h>
#include <kindling/tools/program.h>
#include <kindling/tools/stoppable_run.h>

#include "categories.h"
#include "model.h"

using namespace kindling;
using namespace text_classification;

namespace {

struct Options {
  std::string wordnet = wordnet_folder;
  std::int64_t seed = 1, batch_size = 128, min_count = 2, max_length = 32;
  int epochs = 3;
  double learning_rate = 1e-3, dropout = 0.5, expect = 0;
  bool balance = false;
  std::vector<std::string> texts;
  std::string backup;
};

const std::string& name_of(std::size_t category) { return categories[category]; }

// How many examples each category has.
std::vector<std::int64_t> counts_of(const std::vector<Example>& examples) {
  std::vector<std::int64_t> counts(categories.size());
  for (const auto& [text, category] : examples) ++counts[static_cast<std::size_t>(category)];
  return counts;
}

Dataset dataset(const std::vector<Example>& examples, const Vocabulary& vocabulary,
                const Options& options, bool shuffle) {
  return text_classes(examples, vocabulary,
                      {.batch_size = options.batch_size, .shuffle = shuffle,
                       .seed = static_cast<std::uint64_t>(options.seed),
                       .max_length = options.max_length});
}

// So that the rare categories weigh as much in the loss as the frequent ones.
ClassWeight balancing(const std::vector<Example>& examples) {
  const std::vector<std::int64_t> counts = counts_of(examples);
  ClassWeight weights;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    weights[static_cast<std::int64_t>(i)] =
        static_cast<double>(examples.size()) /
        static_cast<double>(std::max<std::int64_t>(counts[i], 1) * std::ssize(counts));
  }
  return weights;
}

void train(Model model, const Split& split, const Vocabulary& vocabulary, const Options& options,
           double learning_rate) {
  model.compile({.optimizer = Adam({.learning_rate = learning_rate}),
                 .loss = SparseCategoricalCrossentropy({.from_logits = true}),
                 .metrics = {SparseCategoricalAccuracy({.name = "accuracy"}),
                             SparseTopKCategoricalAccuracy({.k = 3, .name = "top_3"})}});
  const EarlyStopping stop({.monitor = "val_accuracy", .patience = 1,
                            .restore_best_weights = true});
  const StoppableRun run(options.backup.empty() ? "" : options.backup + "/" + model.name(),
                         fmt::format("{}", vocabulary.size()));
  run.finish(model.fit(
      dataset(split.train, vocabulary, options, true),
      {.epochs = options.epochs, .callbacks = run.with({stop}),
       .validation_data = dataset(split.validation, vocabulary, options, false),
       .class_weight = options.balance ? balancing(split.train) : ClassWeight{}}));
}

// Which categories are taken for which: rows are the truth, columns what the model says.
void show_confusions(const Model& model, const std::vector<Example>& examples,
                     const Dataset& data) {
  const std::size_t n = categories.size();
  const Tensor said = argmax(model.predict(data));
  std::vector<std::int64_t> matrix(n * n);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    ++matrix[static_cast<std::size_t>(examples[i].second) * n +
             static_cast<std::size_t>(said.ints()[i])];
  }
  const std::vector<std::int64_t> counts = counts_of(examples);
  double recalls = 0;
  std::vector<std::size_t> errors;
  for (std::size_t cell = 0; cell < n * n; ++cell) {
    if (cell / n != cell % n) {
      errors.push_back(cell);
    } else if (counts[cell / n] > 0) {
      recalls += static_cast<double>(matrix[cell]) / static_cast<double>(counts[cell / n]);
    }
  }
  fmt::print("mean accuracy of a category: {:.4f}\n\nMost often confused, of {} definitions:\n",
             recalls / static_cast<double>(n), examples.size());
  std::ranges::stable_sort(errors, std::greater(), [&](std::size_t cell) { return matrix[cell]; });
  for (const std::size_t cell : std::span(errors).first(10)) {
    fmt::print("{:>5}  {} ({}) taken for {}\n", matrix[cell], name_of(cell / n), counts[cell / n],
               name_of(cell % n));
  }
}

// The three likeliest categories.
void classify(const Model& model, const std::string& text, const Vocabulary& vocabulary) {
  const Tensor probabilities = softmax(model.predict({padded_ids({vocabulary.encode(text)})}));
  const auto p = probabilities.floats();
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return p[i]; });
  fmt::print("{}\n", shown(text));
  for (const std::size_t i : std::span(order).first(3)) {
    fmt::print("  {:<14}{:>5.1f}%\n", name_of(i), 100 * p[i]);
  }
}

double run(const Options& options) {
  for (const std::string& text : options.texts) require_tokens(text, "the text to classify");
  set_random_seed(static_cast<std::uint64_t>(options.seed));
  const Split split = read_definitions(options.wordnet);
  TokenCounts counts;
  for (const auto& [text, category] : split.train) counts.add(text);
  const Vocabulary vocabulary(counts, {.min_count = options.min_count});
  const std::vector<std::int64_t> sizes = counts_of(split.train);
  const std::size_t largest = static_cast<std::size_t>(std::ranges::max_element(sizes) -
                                                       sizes.begin());
  const std::size_t smallest = static_cast<std::size_t>(std::ranges::min_element(sizes) -
                                                        sizes.begin());
  fmt::print("{} definitions to train on, {} to validate, {} to test; {} words\n"
             "{} of them are of the category {}, {} of {}\n\n",
             split.train.size(), split.validation.size(), split.test.size(), vocabulary.size(),
             sizes[largest], name_of(largest), sizes[smallest], name_of(smallest));

  const std::int64_t words = vocabulary.size(), classes = std::ssize(categories);
  const Dataset test = dataset(split.test, vocabulary, options, false);
  Model bag = bag_of_words(words, classes, options.dropout);
  train(bag, split, vocabulary, options, 5 * options.learning_rate);  // it learns more slowly
  Model cnn = text_cnn(words, classes, options.dropout);
  fmt::print("\n{}", cnn.summary());
  train(cnn, split, vocabulary, options, options.learning_rate);

  const Logs bag_logs = bag.evaluate(test), cnn_logs = cnn.evaluate(test);
  fmt::print("\n{:<26}accuracy  top 3\n", "test");
  fmt::print("{:<26}{:.4f}\n", "always " + name_of(largest),
             static_cast<double>(counts_of(split.test)[largest]) /
                 static_cast<double>(split.test.size()));
  fmt::print("{:<26}{:.4f}    {:.4f}\n", "bag of words", bag_logs["accuracy"], bag_logs["top_3"]);
  fmt::print("{:<26}{:.4f}    {:.4f}\n\n", "text CNN", cnn_logs["accuracy"], cnn_logs["top_3"]);
  show_confusions(cnn, split.test, test);
  fmt::print("\n");
  for (const std::string& text : options.texts) classify(cnn, text, vocabulary);
  return cnn_logs["accuracy"];
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Sorts nouns into WordNet's 26 categories by their definitions.",
               "text_classification");
  Options options;
  app.add_option("--wordnet", options.wordnet, "Folder of WordNet's database")
      ->capture_default_str();
  add_number(app, "--seed", options.seed, "Of everything that is random in the training", 0,
             most_seed);
  add_number(app, "--epochs", options.epochs, "Times the definitions are gone through, at most", 1,
             1000000);
  add_number(app, "--batch-size", options.batch_size, "Definitions per step", 1, most_count);
  add_number(app, "--learning-rate", options.learning_rate, "Of Adam", 0, largest_number / 5);
  add_number(app, "--dropout", options.dropout, "Fraction of the features dropped in training", 0,
             0.99);
  add_number(app, "--min-count", options.min_count, "A word is known that occurs so often", 1,
             most_count);
  add_number(app, "--max-length", options.max_length,
             "Words of a definition that are read; 0: all", 0, most_count);
  app.add_flag("--balance", options.balance, "Weigh all categories alike in the loss");
  app.add_option("--backup", options.backup,
                 "Folder to keep a stopped run in, to go on from there");
  add_number(app, "--expect", options.expect, "Fail unless the test accuracy is so high, 0 to 1",
             0, 1);
  app.add_option("texts", options.texts, "Definitions to classify after the training")
      ->default_str("two of them");
  return run_program(app, argc, argv, [&] {
    if (options.texts.empty()) {
      options.texts = {"a small dog bred to hunt rats in barns",
                       "the feeling of missing your home"};
    }
    const double accuracy = run(options);
    if (!(accuracy >= options.expect)) {
      throw Error(fmt::format("test accuracy {:.4f}, expected {:.4f}", accuracy, options.expect));
    }
  });
}
