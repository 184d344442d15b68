// A table whose gradients are rows moves, to the bit, as if they were dense, whoever looks at it
// and whenever.
#include <atomic>
#include <thread>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/optim/adam.h>
#include <kindling/optim/deferred_rows.h>
#include <kindling/optim/sgd.h>
#include <kindling/tensor/random.h>

#include "tests/optim/all_optimizers.h"
#include "tests/tensors.h"

using namespace kindling;

namespace {

constexpr std::int64_t rows = 40, width = 5;

// Two tables that start alike; one gets rows, the other their sum as a dense gradient.
struct Pair {
  Tensor lazy = variable(normals({rows, width}, 5));
  Tensor dense = variable(stop_gradient(lazy).clone());
  Weights lazy_weights{{"table", lazy}}, dense_weights{{"table", dense}};

  // Two look-ups, as a model of two texts makes; the last ten rows never come.
  void step(const Optimizer& of_lazy, const Optimizer& of_dense, std::uint64_t number) const {
    Tensor loss = scalar(0);
    for (const std::uint64_t part : {0, 1}) {
      const Tensor ids = random_ids({3, 2}, 2 * number + part, rows - 10);
      const Tensor y = take(lazy, ids);
      CHECK(same_bits(stop_gradient(y), take(stop_gradient(dense), ids)));
      loss = loss + sum(y * normals({3, 2, width}, 100 + 2 * number + part));
    }
    backward(loss);
    backward({dense}, {grad(lazy)});
    of_lazy.step(lazy_weights);
    of_dense.step(dense_weights);
  }
  bool same() const { return same_bits(stop_gradient(lazy), stop_gradient(dense)); }
};

}  // namespace

TEST_CASE("Rows that wait take the very steps they missed, when somebody looks") {
  for (const auto& [class_name, config] : all_optimizers()) {
    for (const bool constrained : {false, true}) {
      const Optimizer of_lazy = optimizer_registry().make(class_name, config);
      const Optimizer of_dense = optimizer_registry().make(class_name, config);
      CAPTURE(class_name, config.str(), constrained);
      Pair pair;
      if (constrained) {
        pair.lazy_weights[0].constraint = pair.dense_weights[0].constraint = NonNeg();
      }
      for (std::uint64_t number = 0; number < 40; ++number) {
        of_lazy.set_learning_rate(0.1 / static_cast<double>(1 + number));
        of_dense.set_learning_rate(0.1 / static_cast<double>(1 + number));
        pair.step(of_lazy, of_dense, number);
        if (number % 17 == 4) CHECK(pair.same());
      }
      CHECK(pair.same());
      of_lazy.finalize_variable_values(pair.lazy_weights);
      of_dense.finalize_variable_values(pair.dense_weights);
      CHECK(pair.same());
    }
  }
}

TEST_CASE("So many steps that those which wait are taken in between") {
  const Adam of_lazy({.learning_rate = 0.01}), of_dense({.learning_rate = 0.01});
  const Pair pair;
  for (std::uint64_t number = 0; number < 1100; ++number) pair.step(of_lazy, of_dense, number);
  CHECK(pair.same());
}

TEST_CASE("Gradients of rows and dense ones take turns") {
  const std::int64_t steps = GENERATE(0, 3);  // rows and dense ones are accumulated, too
  AdamOptions options{.learning_rate = 0.1, .use_ema = steps > 0};
  if (steps > 0) options.gradient_accumulation_steps = steps;
  const Adam of_lazy(options), of_dense(options);
  const Pair pair;
  for (std::uint64_t number = 0; number < 12; ++number) {
    if (number % 4 == 3) {
      const Tensor g = normals({rows, width}, number);
      backward({pair.lazy, pair.dense}, {g, g});
      of_lazy.step(pair.lazy_weights);
      of_dense.step(pair.dense_weights);
    } else {
      pair.step(of_lazy, of_dense, number);
    }
  }
  CHECK(pair.same());
}

TEST_CASE("Two optimizers on one table, and one that is gone") {
  const Pair pair;
  {
    const SGD of_lazy({.learning_rate = 0.1, .momentum = 0.9});
    const SGD of_dense({.learning_rate = 0.1, .momentum = 0.9});
    for (std::uint64_t number = 0; number < 5; ++number) pair.step(of_lazy, of_dense, number);
  }
  const Adam of_lazy({.learning_rate = 0.1}), of_dense({.learning_rate = 0.1});
  for (std::uint64_t number = 5; number < 9; ++number) pair.step(of_lazy, of_dense, number);
  CHECK(pair.same());
}

TEST_CASE("A copy, and a number written into the table, come after the steps that wait") {
  const Adam of_lazy({.learning_rate = 0.1}), of_dense({.learning_rate = 0.1});
  const Pair pair;
  for (std::uint64_t number = 0; number < 4; ++number) pair.step(of_lazy, of_dense, number);
  CHECK(same_bits(pair.lazy.clone(), pair.dense.clone()));
  pair.step(of_lazy, of_dense, 4);
  for (Tensor t : {pair.lazy, pair.dense}) t.mutable_floats()[7] = 3;
  for (std::uint64_t number = 5; number < 9; ++number) pair.step(of_lazy, of_dense, number);
  CHECK(pair.same());
}

TEST_CASE("Seen in another shape, a table has no rows that wait") {
  const Adam of_lazy({.learning_rate = 0.1}), of_dense({.learning_rate = 0.1});
  const Pair pair;
  for (std::uint64_t number = 0; number < 4; ++number) pair.step(of_lazy, of_dense, number);
  const auto check = [](const Tensor& lazy, const Tensor& dense, const Tensor& ids) {
    CHECK(same_bits(take(stop_gradient(lazy), ids), take(stop_gradient(dense), ids)));
  };
  check(expand_dims(pair.lazy, 0), expand_dims(pair.dense, 0), tensor({0}));
  pair.step(of_lazy, of_dense, 4);
  const Shape narrow{rows * width, 1};
  check(reshape(pair.lazy, narrow), reshape(pair.dense, narrow), tensor({199, 7, 150}));
  CHECK(pair.same());
}

namespace {

// Bounds weights, which moves those at rest if they are beyond.
struct BoundedOptions : CommonOptimizerOptions {
  std::string name = {};
};
class BoundedImpl : public OptimizerImpl {
 public:
  using Options = BoundedOptions;
  explicit BoundedImpl(const Options& o) : OptimizerImpl("Bounded", o) {}

 protected:
  int slots() const override { return 0; }
  Update update(double learning_rate, std::int64_t) const override {
    return [rate = static_cast<float>(learning_rate)](float* w, float* const*, const float* g,
                                                      std::int64_t n) {
      for (std::int64_t i = 0; i < n; ++i) w[i] = std::clamp(w[i] - rate * g[i], -1.5f, 1.5f);
    };
  }
};

}  // namespace

TEST_CASE("An update of one's own moves the rows at rest that it would move") {
  const auto bounded = [] {
    BoundedOptions options;
    options.learning_rate = 0.1;
    return Optimizer(std::make_shared<BoundedImpl>(options));
  };
  const Optimizer of_lazy = bounded(), of_dense = bounded();
  const Pair pair;
  CHECK(max(pair.dense).item() > 1.5f);
  for (std::uint64_t number = 0; number < 3; ++number) pair.step(of_lazy, of_dense, number);
  CHECK(pair.same());
  CHECK(max(pair.dense).item() <= 1.5f);
}

TEST_CASE("After a step, a graph that needs the old numbers of a variable is refused") {
  const Tensor table = variable(normals({rows, width}, 5)), w = variable(normals({width}, 6));
  const Adam adam({.learning_rate = 0.1});
  const Weights weights{{"table", table}, {"w", w}};
  const auto looked_up = [&] { return sum(take(table, tensor({1, 3}))) + sum(w); };
  const auto squared = [&](const Tensor& x) { return sum(square(x)); };
  const Tensor first = looked_up(), second = looked_up();
  const Tensor of_table = squared(table), of_w = squared(w);
  backward(first);
  adam.step(weights);
  backward(second);
  check_close(take_gradient(w).dense(), ones({width}), 0);
  CHECK(take_gradient(table).sparse());
  for (const auto& [loss, shape] : {std::pair(of_table, "(40, 5)"), std::pair(of_w, "(5,)")}) {
    CHECK(message_of([&] { backward(loss); }) ==
          fmt::format("backward: \"square\" needs a float32 tensor of shape {} as it was in the "
                      "forward pass, but an optimizer, loading or mutable_floats has written to it "
                      "since; run the forward pass again", shape));
    CHECK(!take_gradient(table).defined());
    CHECK(!take_gradient(w).defined());
  }
  backward(squared(table) + squared(w));
  adam.step(weights);
}

TEST_CASE("A table doesn't keep the moments of an optimizer that is gone, or has got others") {
  const Pair pair;
  const auto slots = [&] {
    return dynamic_cast<DeferredRows&>(*pair.lazy.storage()->deferred).slots().size();
  };
  {
    const Adam of_lazy({.learning_rate = 0.1}), of_dense({.learning_rate = 0.1});
    for (std::uint64_t number = 0; number < 3; ++number) pair.step(of_lazy, of_dense, number);
    CHECK(slots() == 2);
  }
  CHECK(slots() == 2);  // for the steps that wait
  take(pair.lazy, tensor({1}));
  CHECK(slots() == 0);
  CHECK(pair.same());
}

TEST_CASE("LazyAdam leaves the rows alone that a step doesn't look up") {
  const Tensor before = normals({4, 3}, 1), g = normals({2, 3}, 2);
  const Tensor lazy = variable(before.clone()), dense = variable(before.clone());
  const LazyAdam of_lazy({.learning_rate = 0.1, .weight_decay = 0.1, .clipnorm = 1000});
  const Adam of_dense({.learning_rate = 0.1, .weight_decay = 0.1});
  // Row 1 at every step, row 2 at the second alone, the others never.
  for (int step = 1; step <= 3; ++step) {
    const Tensor ids = step == 2 ? tensor({1, 2})
                                 : tensor({1});
    const Tensor weights = slice(g, 0, 0, ids.elements());
    backward(sum(take(lazy, ids) * weights));
    backward(sum(take(dense, ids) * weights));
    of_lazy.step({{"table", lazy}});
    of_dense.step({{"table", dense}});
  }
  const Tensor after = stop_gradient(lazy);
  const auto row = [](const Tensor& x, std::int64_t i) { return slice(x, 0, i, i + 1); };
  for (const std::int64_t i : {0, 3}) CHECK(same_bits(row(after, i), row(before, i)));
  CHECK(same_bits(row(after, 1), row(stop_gradient(dense), 1)));
  for (std::int64_t d = 0; d < 3; ++d) {
    const double gradient = element(g, {1, d}), m = 0.1 * gradient, v = 0.001 * gradient * gradient;
    const double rate = 0.1 * std::sqrt(1 - std::pow(0.999, 2)) / (1 - std::pow(0.9, 2));
    const double decayed = element(before, {2, d}) * (1 - 0.1 * 0.1);
    CHECK(element(after, {2, d}) ==
          Approx(decayed - rate * m / (std::sqrt(v) + 1e-7)).epsilon(1e-4));
  }
  CHECK(of_lazy.config()["learning_rate"].str() == "0.1");
  CHECK(of_lazy.class_name() == "LazyAdam");
}

TEST_CASE("A loop that looks at a table, and a thread beside it, don't wait for each other") {
  const ThreadsScope scope(2);
  const Tensor table = variable(normals({100000, 4}, 1)), all = arange(100000);
  const Adam adam({.learning_rate = 0.1});
  std::atomic<int> round = 0, done = 0;
  constexpr int rounds = 50;
  std::thread beside([&] {
    while (done < rounds) {
      while (round == done) std::this_thread::yield();
      parallel_for(4, [&](std::int64_t) { take(table, all); });
      ++done;
    }
  });
  for (int step = 0; step < rounds; ++step) {
    backward(sum(take(table, tensor({1, 2, 3}))));
    adam.step({{"table", table}});
    ++round;
    take(table, all);  // the steps that wait are taken here or there
    while (done < round) std::this_thread::yield();
  }
  beside.join();
  CHECK(same_bits(take(table, all), stop_gradient(table)));
}

TEST_CASE("Rows get the same bits with any number of threads") {
  const auto trained = [](int threads) {
    const ThreadsScope scope(threads);
    const Tensor table = variable(normals({3000, 16}, 1));
    const Adam adam({.learning_rate = 0.1});
    for (std::uint64_t number = 0; number < 8; ++number) {
      const Tensor ids = random_ids({900}, number, 3000);
      backward(sum(take(table, ids) * normals({900, 16}, 50 + number)));
      adam.step({{"table", table}});
    }
    return stop_gradient(table).clone();
  };
  const Tensor one = trained(1);
  for (const int threads : {2, 3, 8}) CHECK(same_bits(trained(threads), one));
}
