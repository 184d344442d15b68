// What Keras's base optimizer does for all: weights that don't decay, averages of weights,
// accumulated gradients, constraints, frozen weights.
#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/optim/adam.h>
#include <kindling/optim/sgd.h>

#include "tests/optim/all_optimizers.h"
#include "tests/tensors.h"

using namespace kindling;

namespace {

Weights dense_weights() {
  return {{"dense/kernel", variable(normals({7, 5}, 1))},
          {"dense/bias", variable(normals({5}, 2))}};
}

Tensors gradients_at(std::uint64_t step) {
  return {normals({7, 5}, 10 + step), normals({5}, 30 + step)};
}

void step(const Optimizer& optimizer, const Weights& weights, const Tensors& gradients) {
  for (std::size_t i = 0; i < weights.size(); ++i) backward({weights[i].value}, {gradients[i]});
  optimizer.step(weights);
}

bool same(const Weights& a, const Weights& b, std::size_t i) {
  return same_bits(stop_gradient(a[i].value), stop_gradient(b[i].value));
}

}  // namespace

TEST_CASE("Weights whose names match don't decay") {
  const auto after = [](const Optimizer& optimizer) {
    const Weights weights = dense_weights();
    for (std::uint64_t i = 0; i < 3; ++i) step(optimizer, weights, gradients_at(i));
    return weights;
  };
  const AdamW excluding, regular;
  excluding.exclude_from_weight_decay({"gamma", "bi.s$"});
  const Weights some = after(excluding), all = after(regular), none = after(Adam());
  CHECK(same(some, all, 0));
  CHECK(same(some, none, 1));
  CHECK_FALSE(same(some, none, 0));
  CHECK_FALSE(same(all, none, 1));
  CHECK(message_of([&] { excluding.exclude_from_weight_decay({"x"}); }) ==
        "AdamW \"adamw\": exclude_from_weight_decay comes before the first step");
  CHECK(message_of([] { AdamW().exclude_from_weight_decay({"a(b"}); })
            .starts_with("AdamW \"adamw\": exclude_from_weight_decay takes regular expressions, "
                         "got \"a(b\" ["));
}

TEST_CASE("The average of a weight: kept, put in its place every third step and at the end") {
  for (const std::int64_t frequency : {0, 3}) {
    SGDOptions options{.learning_rate = 0.1, .use_ema = true, .ema_momentum = 0.75};
    if (frequency > 0) options.ema_overwrite_frequency = frequency;
    const SGD sgd(options), plain({.learning_rate = 0.1});
    const Weights weights = dense_weights(), expected = dense_weights();
    sgd.finalize_variable_values(weights);  // nothing yet
    std::vector<Tensor> average(2);
    for (std::uint64_t i = 0; i < 8; ++i) {
      Tensors gradients = gradients_at(i);
      step(plain, expected, gradients);
      step(sgd, weights, gradients);
      for (std::size_t w = 0; w < 2; ++w) {
        Tensor now = expected[w].value;
        const Tensor value = stop_gradient(now);
        average[w] = i == 0 ? value.clone() : 0.75 * average[w] + 0.25 * value;
        if (frequency > 0 && i % 3 == 2) {
          std::ranges::copy(average[w].floats(), now.mutable_floats().begin());
        }
        check_close(stop_gradient(weights[w].value), stop_gradient(now), 1e-6);
      }
    }
    sgd.finalize_variable_values(weights);
    for (std::size_t w = 0; w < 2; ++w) {
      check_close(stop_gradient(weights[w].value), average[w], 1e-6);
    }
  }
}

TEST_CASE("Every third step moves the weights, against the mean gradient") {
  const Schedule halves =
      ExponentialDecay({.initial_learning_rate = 0.5, .decay_steps = 1, .decay_rate = 0.5});
  const Adam adam({.learning_rate = halves, .clipnorm = 1, .gradient_accumulation_steps = 3});
  const Adam each({.learning_rate = 1, .clipnorm = 1});
  const Weights weights = dense_weights(), expected = dense_weights();
  for (std::uint64_t i = 0; i < 7; ++i) {
    CHECK(adam.iterations() == static_cast<std::int64_t>(i / 3));
    step(adam, weights, gradients_at(i));
    if (i % 3 == 2) {
      each.set_learning_rate(halves(static_cast<std::int64_t>(i)));  // Keras counts every step here
      Tensors mean;
      for (std::size_t w = 0; w < 2; ++w) {
        mean.push_back((gradients_at(i - 2)[w] + gradients_at(i - 1)[w] + gradients_at(i)[w]) / 3);
      }
      step(each, expected, mean);
    }
    for (std::size_t w = 0; w < 2; ++w) CHECK(same(weights, expected, w));
  }
}

TEST_CASE("A constraint holds after each step, for a weight that has a gradient") {
  Weights weights = dense_weights();
  for (Weight& w : weights) w.constraint = NonNeg();
  const Tensor bias = stop_gradient(weights[1].value).clone();
  const Weights free = dense_weights();
  const SGD sgd({.learning_rate = 0.1}), other({.learning_rate = 0.1});
  for (std::uint64_t i = 0; i < 2; ++i) {
    for (const auto& [optimizer, all] : {std::pair(sgd, weights), std::pair(other, free)}) {
      backward({all[0].value}, {gradients_at(i)[0]});
      optimizer.step(all);
    }
    Tensor next = free[0].value;
    const Tensor bounded = relu(stop_gradient(next));
    std::ranges::copy(bounded.floats(), next.mutable_floats().begin());
    CHECK(same(weights, free, 0));
  }
  CHECK(same_bits(stop_gradient(weights[1].value), bias));
}

TEST_CASE("A weight that moves by gradients of an earlier step is held by its constraint, too") {
  Weights weights = dense_weights();
  for (Weight& w : weights) w.constraint = NonNeg();
  const SGD sgd({.learning_rate = 100, .gradient_accumulation_steps = 2});
  backward({weights[0].value, weights[1].value}, {ones({7, 5}), ones({5})});
  sgd.step(weights);
  backward({weights[0].value}, {ones({7, 5})});
  sgd.step(weights);
  for (const Weight& w : weights) CHECK(min(stop_gradient(w.value)).item() == 0);
}

TEST_CASE("Frozen between steps, a weight and what is kept of it stay as they were") {
  for (const auto& [class_name, config] : all_optimizers()) {
    if (!config["gradient_accumulation_steps"].is_null()) continue;
    CAPTURE(class_name, config.str());
    const Optimizer optimizer = optimizer_registry().make(class_name, config);
    const Optimizer alone = optimizer_registry().make(class_name, config);
    Weights weights = dense_weights();
    const Weights other = dense_weights();
    const Tensor frozen = weights[1].value;
    for (std::uint64_t i = 0; i < 9; ++i) {
      weights[1].trainable = i % 3 == 2;
      const Tensor before = stop_gradient(frozen).clone();
      step(optimizer, weights, gradients_at(i));
      if (!weights[1].trainable) CHECK(same_bits(stop_gradient(frozen), before));
      if (weights[1].trainable) CHECK_FALSE(same_bits(stop_gradient(frozen), before));
      if (config["global_clipnorm"].is_null()) {
        step(alone, {other[0]}, {gradients_at(i)[0]});
        CHECK(same(weights, other, 0));
      }
    }
  }
}
