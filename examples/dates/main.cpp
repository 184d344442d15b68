// dates: learns to write "3rd of March 1987" as 1987-03-03, with an encoder, a decoder and
// AdditiveAttention between them, and shows where the decoder looks.
#include <fmt/format.h>

#include <algorithm>

#include <kindling/kindling.h>
#include <kindling/tools/program.h>
#include <kindling/tools/stoppable_run.h>

#include "model.h"
#include "writing.h"

using namespace kindling;
using namespace dates;

namespace {

struct Options {
  std::int64_t seed = 1, examples = 30000, units = 64, batch_size = 32;
  int epochs = 3;
  double learning_rate = 1e-2, expect = 0;
  std::vector<std::string> texts;
  std::string backup;
};

struct Examples {
  std::vector<std::string> texts;
  Tensor dates, iso;  // ids (examples, longest) and (examples, 10)
};

// Dates of these days, each day as often as it takes.
Examples examples_of(std::span<const std::chrono::sys_days> days, std::int64_t count,
                     Generator& generator) {
  Examples examples;
  std::vector<std::vector<std::int32_t>> dates, isos;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const std::chrono::sys_days day = days[i % days.size()];
    examples.texts.push_back(written(day, generator));
    dates.push_back(ids_of(examples.texts.back()));
    isos.push_back(ids_of(iso(day)));
  }
  examples.dates = padded_ids(dates);
  examples.iso = padded_ids(isos);
  return examples;
}

std::string text_of(const Tensor& ids, std::int64_t row) {
  const Tensor one = slice(ids, 0, row, row + 1);
  std::string text;
  for (const std::int32_t id : one.ints()) text += characters().token(id);
  return text;
}

// The fraction of dates that come out right to the last character.
double exact_matches(const Examples& examples, const Tensor& translated) {
  const Tensor right = min(cast(equal(translated, examples.iso), DType::float32), {.axis = {1}});
  fmt::print("\nSome that it got right, and wrong:\n");
  for (const float wanted : {1.0f, 0.0f}) {
    for (std::int64_t i = 0, shown = 0; i < right.size(0) && shown < 5; ++i) {
      if (right.floats()[static_cast<std::size_t>(i)] != wanted) continue;
      fmt::print("  {:<36} {}{}\n", examples.texts[static_cast<std::size_t>(i)],
                 text_of(translated, i), wanted == 1 ? "" : " is " + text_of(examples.iso, i));
      ++shown;
    }
  }
  return static_cast<double>(mean(right).item());
}

// A row a character of the ISO date, a column a character of the date; the darker, the more
// weight; black is a half or more.
void show_attention(const Model& attention, const std::string& text, const Tensor& translated) {
  const Tensor weights = attention.predict({padded_ids({ids_of(text)}), shifted(translated)});
  const std::string iso = text_of(translated, 0);
  fmt::print("\n   ");
  for (const char c : text) fmt::print("{} ", c >= ' ' && c <= '~' ? c : '?');
  fmt::print("\n");
  for (std::size_t row = 0; row < iso.size(); ++row) {
    fmt::print("{}  ", iso[row]);
    for (std::size_t column = 0; column < text.size(); ++column) {
      static const char* const shades[] = {"  ", "░░", "▒▒", "▓▓", "██"};
      const float weight = weights.floats()[row * text.size() + column];
      fmt::print("{}", shades[std::min(static_cast<int>(weight * 8), 4)]);
    }
    fmt::print("\n");
  }
}

double run(Options options) {
  if (options.texts.empty()) options.texts = {"Tuesday, 3rd of March '87"};
  for (const std::string& text : options.texts) {
    if (text.empty()) throw Error("a date is empty");
  }
  set_random_seed(static_cast<std::uint64_t>(options.seed));
  // A day is either trained on or measured, however it is written.
  const std::vector<std::chrono::sys_days> days = shuffled_days();
  const std::span all(days);
  Generator generator(static_cast<std::uint64_t>(options.seed));
  const Examples train = examples_of(all.subspan(2000), options.examples, generator);
  const Examples validation = examples_of(all.subspan(1000, 1000), 1000, generator);
  const Examples test = examples_of(all.first(1000), 1000, generator);

  const auto [model, attention] = build_translator(options.units);
  Model translator = model;
  fmt::print("{}", translator.summary());
  const std::int64_t steps = (options.examples + options.batch_size - 1) / options.batch_size;
  const Schedule rate = CosineDecay({.initial_learning_rate = options.learning_rate,
                                     .decay_steps = steps * options.epochs});
  translator.compile({.optimizer = Adam({.learning_rate = rate, .global_clipnorm = 1}),
                      .loss = SparseCategoricalCrossentropy({.from_logits = true}),
                      .metrics = {SparseCategoricalAccuracy({.name = "accuracy"})}});
  const auto dataset = [&](const Examples& examples, bool shuffle) {
    return from_tensors({examples.dates, shifted(examples.iso)}, examples.iso,
                        {.batch_size = options.batch_size, .shuffle = shuffle,
                         .seed = static_cast<std::uint64_t>(options.seed)});
  };
  const StoppableRun run(options.backup);
  run.finish(translator.fit(dataset(train, true),
                            {.epochs = options.epochs, .callbacks = run.with({}),
                             .validation_data = dataset(validation, false)}));

  const double accuracy = exact_matches(test, translate(translator, test.dates));
  for (const std::string& text : options.texts) {
    const Tensor translated = translate(translator, padded_ids({ids_of(text)}));
    show_attention(attention, text, translated);
  }
  fmt::print("\nexact matches on 1000 unseen dates: {:.3f}\n", accuracy);
  return accuracy;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Writes dates as people write them in ISO's form.", "dates");
  Options options;
  add_number(app, "--seed", options.seed, "Of everything that is random", 0, most_seed);
  add_number(app, "--examples", options.examples, "Dates to train on", 1, 10000000);
  add_number(app, "--units", options.units, "Of the GRUs and the attention", 1, most_count);
  add_number(app, "--batch-size", options.batch_size, "Dates per step", 1, most_count);
  add_number(app, "--epochs", options.epochs, "Times the dates are gone through", 1, 1000000);
  add_number(app, "--learning-rate", options.learning_rate, "Of Adam, at the start", 0,
             largest_number);
  app.add_option("--backup", options.backup,
                 "Folder to keep a stopped run in, to go on from there");
  add_number(app, "--expect", options.expect, "Fail unless so many dates, 0 to 1, come out right",
             0, 1);
  app.add_option("dates", options.texts, "Dates to write in ISO's form after the training");
  return run_program(app, argc, argv, [&] {
    const double accuracy = run(options);
    if (!(accuracy >= options.expect)) {
      throw Error(fmt::format("{:.3f} of the dates came out right, expected {:.3f}", accuracy,
                              options.expect));
    }
  });
}
