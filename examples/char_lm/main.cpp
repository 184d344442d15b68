// char_lm: a language model of characters. It learns a text, says how many bits it needs for a
// character of the tenth that it has not seen, beside what counting n-grams needs, and writes on.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>

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
  std::uint64_t seed = 1;
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
  model.fit(data, {.epochs = s.epochs, .callbacks = {TerminateOnNaN(), report},
                   .validation_data = held_out});
}

// Bits per held-out character.
double run(const Settings& s) {
  set_random_seed(s.seed);
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
  const Dataset data = random_windows(text, begin, s.sizes.context, s.batch_size, s.seed);
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
             sample(model, s.sizes, text, s.sample));
  return reached;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Learns to predict a text character by character, and writes on");
  Settings s;
  double expected = HUGE_VAL;
  const auto option = [&](const char* name, auto& value, const char* text) {
    return app.add_option(name, value, text)->capture_default_str();
  };
  app.add_option("--text", s.files, "Files to learn; else the licences that every Debian has")
      ->check(CLI::ExistingFile);
  option("--context", s.sizes.context, "Characters the model sees")->check(CLI::Range(4, 4096));
  option("--depth", s.sizes.depth, "Numbers a character")->check(CLI::PositiveNumber);
  option("--heads", s.sizes.heads, "Of an attention; they share the depth")
      ->check(CLI::PositiveNumber);
  option("--blocks", s.sizes.blocks, "Of attention and thought")->check(CLI::PositiveNumber);
  option("--dropout", s.sizes.dropout, "In the blocks")->check(CLI::Range(0.0, 0.99));
  option("--epochs", s.epochs, "Times the text is gone through")->check(CLI::PositiveNumber);
  option("--batch-size", s.batch_size, "Windows a step")->check(CLI::PositiveNumber);
  option("--learning-rate", s.learning_rate, "Of AdamW, at its highest")
      ->check(CLI::PositiveNumber);
  option("--prompt", s.sample.prompt, "What it goes on from")
      ->check(CLI::Validator([](std::string& text) {
        return text.empty() ? "a character at least is needed" : "";
      }, ""));
  option("--characters", s.sample.characters, "How many it writes")->check(CLI::NonNegativeNumber);
  option("--temperature", s.sample.temperature, "Below 1 it is careful, above 1 it is bold")
      ->check(CLI::PositiveNumber);
  option("--seed", s.seed, "Of everything that is random")->check(CLI::NonNegativeNumber);
  app.add_option("--expect", expected, "Fail above these bits a character")
      ->check(CLI::PositiveNumber);
  try {
    app.parse(argc, argv);
    if (s.sizes.depth % s.sizes.heads != 0) {
      throw CLI::ValidationError("--heads", "must divide --depth");
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    const double reached = run(s);
    if (reached <= expected) return 0;
    fmt::print(stderr, "char_lm: {:.3f} bits a character, at most {} were expected\n", reached,
               expected);
  } catch (const std::exception& error) {
    fmt::print(stderr, "char_lm: {}\n", error.what());
  }
  return 1;
}
