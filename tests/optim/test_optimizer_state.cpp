// An optimizer made anew from its config, given the state of another, goes on with the same bits.
#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/optim/adam.h>
#include <kindling/optim/sgd.h>

#include "tests/optim/all_optimizers.h"
#include "tests/tensors.h"

using namespace kindling;

namespace {

struct Run {
  Weights weights{{"table", variable(normals({20, 4}, 5))}, {"bias", variable(normals({4}, 6))}};

  // The table's gradient is rows, but every fifth time dense.
  void step(const Optimizer& optimizer, std::uint64_t number) const {
    if (number % 5 == 4) {
      backward({weights[0].value}, {normals({20, 4}, number)});
    } else {
      const Tensor ids = random_ids({6}, number, 15);
      backward(sum(take(weights[0].value, ids) * normals({6, 4}, 50 + number)));
    }
    backward({weights[1].value}, {normals({4}, 90 + number)});
    optimizer.step(weights);
  }
  Run copy() const {
    Run other;
    for (std::size_t i = 0; i < 2; ++i) other.weights[i].value = variable(weights[i].value.clone());
    return other;
  }
  bool same(const Run& other) const {
    const auto equal = [&](std::size_t i) {
      return same_bits(stop_gradient(weights[i].value), stop_gradient(other.weights[i].value));
    };
    return equal(0) && equal(1);
  }
};

Config state_of(const Optimizer& optimizer) {
  Config state{Config::Map()};
  Fields f(state);
  optimizer.impl()->state(f);
  return state;
}

void give(const Optimizer& optimizer, const Config& state) {
  Fields f(state, optimizer.impl()->who());
  optimizer.impl()->state(f);
  f.finish();
}

}  // namespace

TEST_CASE("Every optimizer goes on from its state, wherever it was taken") {
  auto cases = all_optimizers();
  cases.emplace_back("LazyAdam", Config::Map{{"gradient_accumulation_steps", 3}});
  for (const auto& [class_name, config] : cases) {
    CAPTURE(class_name, config.str());
    const Optimizer through = optimizer_registry().make(class_name, config);
    const Run run;
    Optimizer resumed = optimizer_registry().make(class_name, config);
    Run other = run.copy();
    for (std::uint64_t number = 0; number < 12; ++number) {
      if (number == 0 || number == 1 || number == 4 || number == 6 || number == 8) {
        const Config state = state_of(resumed);
        const Run before = other.copy();
        other.step(resumed, 77);  // what was written must not change with it
        other = before;
        resumed = optimizer_registry().make(class_name, resumed.config());
        give(resumed, state);
        CHECK(state_of(resumed).str() == state.str());
        if (number == 6) {  // read twice, the second time by one that has been used
          before.copy().step(resumed, 78);
          give(resumed, state);
        }
        CHECK(resumed.iterations() == through.iterations());
      }
      run.step(through, number);
      other.step(resumed, number);
      CHECK(run.same(other));
    }
    through.finalize_variable_values(run.weights);
    const Optimizer last = optimizer_registry().make(class_name, config);
    give(last, state_of(resumed));
    last.finalize_variable_values(other.weights);
    CHECK(run.same(other));
  }
}

TEST_CASE("A learning rate that was set, and what doesn't decay, belong to the state") {
  const AdamW adam({.learning_rate = 0.1});
  adam.exclude_from_weight_decay({"bias", "table"});
  adam.set_learning_rate(0.03);
  const AdamW again({.learning_rate = 0.1});
  give(again, state_of(adam));
  CHECK(again.learning_rate() == 0.03);
  const Run a, b;
  a.step(adam, 0);
  b.step(again, 0);
  CHECK(a.same(b));
}

TEST_CASE("A frozen weight has no state") {
  Run run;
  run.weights[1].trainable = false;
  const Adam adam({.weight_decay = 0.1, .use_ema = true});
  run.step(adam, 0);
  const Config weights = state_of(adam)["weights"];
  CHECK(weights.as_list("weights")[0]["slots"].as_list("slots").size() == 3);
  CHECK(weights.as_list("weights")[1]["slots"].as_list("slots").empty());
}

TEST_CASE("A state that doesn't fit is refused, and says what is wrong") {
  const auto refused = [](const Optimizer& of, const Optimizer& by, auto change) {
    const Run run;
    run.step(of, 0);
    give(by, state_of(of));
    Run other;
    change(other.weights);
    return message_of([&] { other.step(by, 0); });
  };
  const auto none = [](Weights&) {};
  const std::string who = "Adam \"adam\": the state that was read ";
  CHECK(refused(Adam(), Adam(), [](Weights& w) { w[1].name = "offset"; }) ==
        who + "is of other weights, it has none for \"offset\"");
  CHECK(refused(Adam(), Adam(), [](Weights& w) {
          w[1] = {"table", variable(zeros({4}))};
        }) == who + "is of other weights, it has none for \"table\"");
  CHECK(refused(Adam(), Adam({.amsgrad = true}), none) ==
        who + "has 2 tensors for \"table\", these options need 3");
  CHECK(refused(Adam(), Adam({.use_ema = true}), none) ==
        who + "has 2 tensors for \"table\", these options need 3");
  CHECK(refused(Adam(), Adam(), [](Weights& w) { w[0].value = variable(zeros({21, 4})); }) ==
        who + "has float32 (20, 4) for \"table\", which is (21, 4)");
  const Run run;
  const Adam fewer;
  run.step(fewer, 0);
  const Adam reader;
  give(reader, state_of(fewer));
  backward(sum(run.weights[0].value));
  CHECK(message_of([&] { reader.step({run.weights[0]}); }) ==
        who + "is also of \"bias\", which is none of the 1 weights");
  CHECK(message_of([] { give(Adam(), Config::Map{{"steps", 3}}); }) ==
        "Adam \"adam\": the option \"weights\" is required");
}
