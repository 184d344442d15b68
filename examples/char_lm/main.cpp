// char_lm: a language model of characters. It learns a text, says how many bits it needs for a
// character of the tenth that it has not seen, beside what counting n-grams needs, and writes on.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>

#include <kindling/tensor/shown.h>
#include <kindling/tools/program.h>
#include <kindling/tools/stoppable_run.h>

#include "model.h"
#include "ngrams.h"

using namespace char_lm;
using namespace kindling;

namespace {

struct Settings {
  std::vector<std::string> files;
  Sizes sizes;
  int epochs = 8;
  std::int64_t batch_size = 16;
  double learning_rate = 4e-3;
  SampleOptions sample;
  std::int64_t seed = 1;
  std::string backup;
};

double bits(double loss) { return loss / std::numbers::ln2; }

// The best of the n-grams, in bits a character.
double baseline(const Text& text, std::int64_t begin) {
  const std::vector<double> needed = ngram_bits(text, begin, 5);
  fmt::print("\nbits a held-out character, by counting\n");
  for (std::size_t n = 0; n < needed.size(); ++n) {
    fmt::print("  {}-grams  {:.3f}\n", n + 1, needed[n]);
  }
  fmt::print("\n");
  return *std::ranges::min_element(needed);
}

void train(Model& model, const Dataset& data, const Dataset& held_out, const Settings& s) {
  const std::int64_t steps = s.epochs * data.batches(0), warmup = steps / 20;
  const auto rate = CosineDecay({.initial_learning_rate = 0, .decay_steps = steps - warmup,
                                 .warmup_target = s.learning_rate, .warmup_steps = warmup});
  model.compile({.optimizer = AdamW({.learning_rate = rate, .weight_decay = 0.01,
                                     .global_clipnorm = 1}),
                 .loss = SparseCategoricalCrossentropy(
                     {.from_logits = true, .ignore_class = not_scored})});
  const LambdaCallback report({.on_epoch_end = [](int, Logs& logs) {
    fmt::print("  {:.3f} bits a held-out character\n", bits(logs["val_loss"]));
    std::fflush(stdout);
  }});
  const StoppableRun run(s.backup, fmt::format("{}", model.count_params()));
  run.finish(model.fit(data, {.epochs = s.epochs, .callbacks = run.with({report}),
                              .validation_data = held_out}));
}

// Bits per held-out character.
double run(const Settings& s) {
  set_random_seed(static_cast<std::uint64_t>(s.seed));
  const Text text = Text::read(s.files);
  const std::int64_t begin = text.size() - text.size() / 10;
  if (text.size() - begin < s.sizes.context || begin < 2 * s.sizes.context) {
    throw Error(fmt::format("{} characters are too few for windows of {}", text.size(),
                            s.sizes.context));
  }
  text.encode(s.sample.prompt);  // an error comes before the training
  fmt::print("{} characters to learn, {} held out, {} different ones\n", begin, text.size() - begin,
             text.alphabet().size());
  const double counting = baseline(text, begin);
  const Dataset data = random_windows(text, begin, s.sizes.context, s.batch_size,
                                      static_cast<std::uint64_t>(s.seed));
  const Dataset held_out = scored_windows(text, begin, s.sizes.context, s.batch_size);
  Model model = build_model(s.sizes, std::ssize(text.alphabet()));
  fmt::print("The model has {} numbers to learn\n", model.count_params());

  const auto start = std::chrono::steady_clock::now();
  train(model, data, held_out, s);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const double reached = bits(model.evaluate(held_out)["loss"]);
  fmt::print("\n{:.3f} bits a held-out character after {:.0f} s; by counting at best {:.3f}\n",
             reached, seconds.count(), counting);
  fmt::print("\nAt a temperature of {}, it writes:\n\n{}\n", s.sample.temperature,
             shown_lines(sample(model, s.sizes, text, s.sample)));
  return reached;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Learns to predict a text character by character, and writes on", "char_lm");
  Settings s;
  double expected = largest_number;
  app.add_option("--text", s.files, "Files to learn; else the licences that every Debian has")
      ->check(CLI::ExistingFile);
  add_number(app, "--context", s.sizes.context, "Characters the model sees", 4, 4096);
  add_number(app, "--depth", s.sizes.depth, "Numbers per character", 1, most_count);
  add_number(app, "--heads", s.sizes.heads, "Of an attention; they share the depth", 1, most_count);
  add_number(app, "--blocks", s.sizes.blocks, "Of attention and thought", 1, most_count);
  add_number(app, "--dropout", s.sizes.dropout, "In the blocks", 0, 0.99);
  add_number(app, "--epochs", s.epochs, "Times the text is gone through", 1, 1000000);
  add_number(app, "--batch-size", s.batch_size, "Windows per step", 1, most_count);
  add_number(app, "--learning-rate", s.learning_rate, "Of AdamW, at its highest", 0,
             largest_number);
  app.add_option("--prompt", s.sample.prompt, "What it goes on from")
      ->capture_default_str()
      ->check(CLI::Validator([](std::string& text) {
        return text.empty() ? "a character at least is needed" : "";
      }, ""));
  add_number(app, "--characters", s.sample.characters, "How many it writes", 0, most_count);
  add_number(app, "--temperature", s.sample.temperature,
             "Below 1 it is careful, above 1 it is bold", 0.001, 1000);
  add_number(app, "--seed", s.seed, "Of everything that is random", 0, most_seed);
  app.add_option("--backup", s.backup, "Folder to keep a stopped run in, to go on from there");
  add_number(app, "--expect", expected, "Fail above these bits per character", 0, largest_number)
      ->default_str("");
  return run_program(app, argc, argv, [&] {
    if (s.sizes.depth % s.sizes.heads != 0) {
      throw CLI::ValidationError("--heads", "must divide --depth");
    }
    const double reached = run(s);
    if (!(reached <= expected)) {
      throw Error(fmt::format("{:.3f} bits per character, at most {} were expected", reached,
                              expected));
    }
  });
}
