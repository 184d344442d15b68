// Schedules beyond the golden cases, and optimizers that follow one.
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/optim/adam.h>
#include <kindling/optim/sgd.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

Schedule from(const Config& config) {
  Schedule schedule;
  from_config(config, schedule, "schedule");
  return schedule;
}

}  // namespace

TEST_CASE("Schedules at chosen steps, also from their configs") {
  const double pi = std::numbers::pi;
  const auto half_cosine = [&](double t) { return 0.5 * (1 + std::cos(pi * t)); };
  using Points = std::vector<std::pair<std::int64_t, double>>;
  const std::vector<std::pair<Schedule, Points>> cases = {
      {ExponentialDecay({.initial_learning_rate = 1, .decay_steps = 2, .decay_rate = 0.25}),
       {{0, 1}, {1, 0.5}, {4, 0.0625}}},
      {InverseTimeDecay({.initial_learning_rate = 1,
                         .decay_steps = 2,
                         .decay_rate = 1,
                         .staircase = true}),
       {{0, 1}, {1, 1}, {2, 0.5}, {5, 1.0 / 3}}},
      {PolynomialDecay({.initial_learning_rate = 1, .decay_steps = 4, .end_learning_rate = 0}),
       {{0, 1}, {1, 0.75}, {4, 0}, {9, 0}}},
      // Beyond 4 steps as if there were 8, then 12.
      {PolynomialDecay({.initial_learning_rate = 1,
                        .decay_steps = 4,
                        .end_learning_rate = 0,
                        .power = 2,
                        .cycle = true}),
       {{0, 1}, {2, 0.25}, {4, 0}, {6, 0.0625}, {8, 0}, {9, 0.0625}}},
      {PiecewiseConstantDecay({.boundaries = {2, 5}, .values = {1, 0.5, 0.25}}),
       {{0, 1}, {2, 1}, {3, 0.5}, {5, 0.5}, {6, 0.25}}},
      {CosineDecay({.initial_learning_rate = 2, .decay_steps = 4, .alpha = 0.5}),
       {{0, 2}, {2, 1.5}, {4, 1}, {9, 1}}},
      {CosineDecay({.initial_learning_rate = 1,
                    .decay_steps = 4,
                    .warmup_target = 3,
                    .warmup_steps = 2}),
       {{0, 1}, {1, 2}, {2, 3}, {4, 1.5}, {6, 0}}},
      // Periods of 3, 6, 12 steps, each from half as high.
      {CosineDecayRestarts({.initial_learning_rate = 1, .first_decay_steps = 3, .m_mul = 0.5}),
       {{0, 1}, {1, half_cosine(1.0 / 3)}, {3, 0.5}, {6, 0.25}, {9, 0.25}, {15, 0.125},
        {21, 0.125}}},
      {CosineDecayRestarts({.initial_learning_rate = 1,
                            .first_decay_steps = 2,
                            .t_mul = 1,
                            .alpha = 0.5}),
       {{0, 1}, {1, 0.75}, {2, 1}, {7, 0.75}}},
  };
  for (const auto& [schedule, points] : cases) {
    const Config config = to_config(schedule);
    const Schedule again = from(config);
    CHECK(to_config(again).str() == config.str());
    for (const auto& [step, rate] : points) {
      CAPTURE(config.str(), step);
      CHECK(schedule(step) == Approx(rate).margin(1e-12));
      CHECK(again(step) == schedule(step));
    }
  }
}

TEST_CASE("Options of schedules are checked") {
  CHECK(message_of([] {
          ExponentialDecay({.initial_learning_rate = 1, .decay_steps = 0, .decay_rate = 0.5});
        }) == "ExponentialDecay: decay_steps is at least 1, got 0");
  CHECK(message_of([] {
          CosineDecayRestarts({.initial_learning_rate = 1, .first_decay_steps = 0});
        }) == "CosineDecayRestarts: first_decay_steps is at least 1, got 0");
  CHECK(message_of([] { PiecewiseConstantDecay({.boundaries = {2, 5}, .values = {1, 2}}); }) ==
        "PiecewiseConstantDecay: there is one value more than boundaries, got 2 and 2");
  CHECK(message_of([] { PiecewiseConstantDecay({.boundaries = {5, 5}, .values = {1, 2, 3}}); }) ==
        "PiecewiseConstantDecay: boundaries ascend, got [5, 5]");
  CHECK(message_of([] {
          CosineDecay({.initial_learning_rate = 1, .decay_steps = 1, .warmup_steps = -1});
        }) == "CosineDecay: warmup_steps is at least 0, got -1");
  CHECK(message_of([] {
          CosineDecayRestarts({.initial_learning_rate = 1, .first_decay_steps = 1, .t_mul = 0.5});
        }) == "CosineDecayRestarts: t_mul is at least 1 and finite, got 0.5");
  // A number of each schedule, at a value outside its range.
  const auto refused = [](const char* who, Config::Map options, const char* option, double value) {
    if (std::string(who) == "PiecewiseConstantDecay") {
      options = {{"boundaries", Config::List{2}}, {"values", Config::List{1.0, value}}};
    } else {
      options.emplace_back("initial_learning_rate", 1.0);
      Config config = options;
      config.set(option, value);
      options = config.as_map(who);
    }
    CHECK(message_of([&] { from(Config::Map{{"class_name", who}, {"config", options}}); }) ==
          fmt::format("{}: {} is at least 0 and finite, got {}", who, option, value));
  };
  const Config::Map steps = {{"decay_steps", 3}}, first = {{"first_decay_steps", 3}};
  const Config::Map rate = {{"decay_steps", 3}, {"decay_rate", 0.5}};
  for (const double value : {-1.0, static_cast<double>(NAN), static_cast<double>(INFINITY)}) {
    for (const char* who : {"ExponentialDecay", "InverseTimeDecay"}) {
      refused(who, rate, "initial_learning_rate", value);
      refused(who, rate, "decay_rate", value);
    }
    for (const char* option : {"initial_learning_rate", "end_learning_rate", "power"}) {
      refused("PolynomialDecay", steps, option, value);
    }
    for (const char* option : {"initial_learning_rate", "alpha", "warmup_target"}) {
      refused("CosineDecay", steps, option, value);
    }
    for (const char* option : {"initial_learning_rate", "alpha", "m_mul"}) {
      refused("CosineDecayRestarts", first, option, value);
    }
    refused("PiecewiseConstantDecay", {}, "values", value);
  }
  CHECK(message_of([] { from(Config::Map{{"class_name", "Linear"}}); }) ==
        "schedule: one of CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay, "
        "PiecewiseConstantDecay, PolynomialDecay is needed, got \"Linear\"");
  CHECK(message_of([] {
          from(Config::Map{{"class_name", "CosineDecay"},
                           {"config", Config::Map{{"decay_steps", 3}}}});
        }) == "schedule: the option \"initial_learning_rate\" is required");
}

TEST_CASE("An optimizer follows its schedule") {
  const Schedule halves =
      ExponentialDecay({.initial_learning_rate = 0.5, .decay_steps = 1, .decay_rate = 0.5});
  const SGD sgd({.learning_rate = halves});
  const Optimizer again = optimizer_registry().make("SGD", sgd.config());
  CHECK(again.config().str() == sgd.config().str());
  for (const Optimizer& optimizer : {Optimizer(sgd), again}) {
    const Weights weights = {{"w", variable(tensor({1.0}))}};
    for (const double expected : {0.5, 0.25, 0.125}) {  // w is halved, then 1/4 is taken, ...
      CHECK(optimizer.learning_rate() == expected);
      const double before = static_cast<double>(stop_gradient(weights[0].value).item());
      backward(sum(weights[0].value));
      optimizer.step(weights);
      CHECK(static_cast<double>(stop_gradient(weights[0].value).item()) == before - expected);
    }
    CHECK(message_of([&] { optimizer.set_learning_rate(0.1); }) ==
          "SGD \"sgd\": learning_rate follows ExponentialDecay; one that is to be set is made with "
          "a number");
  }
  const Schedule wrong("Wrong", Config::Map(),
                       [](std::int64_t step) { return step == 0 ? 1.0 : -1.0; });
  const Adam adam({.learning_rate = wrong});
  const Weights weights = {{"w", variable(tensor({1.0}))}};
  backward(sum(weights[0].value));
  adam.step(weights);
  backward(sum(weights[0].value));
  CHECK(message_of([&] { adam.step(weights); }) ==
        "Adam \"adam\": learning_rate is at least 0 and finite, got -1");
  CHECK(message_of([] { Adam({.learning_rate = Schedule()}); }) ==
        "Adam \"adam\": learning_rate is at least 0 and finite, got nan");
}
