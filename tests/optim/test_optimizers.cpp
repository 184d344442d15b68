// SGD and Adam against loops in double, and what an optimizer does with a model's weights.
#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/embedding.h>
#include <kindling/optim/adagrad.h>
#include <kindling/optim/adam.h>
#include <kindling/optim/lion.h>
#include <kindling/optim/sgd.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

using Numbers = std::vector<double>;

// Options and formulas of one optimizer, elements of all weights in one row.
struct Naive {
  bool adam = false;
  double rate = 0.01, momentum = 0, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;
  bool nesterov = false, amsgrad = false;
  double decay = 0;
  Numbers w = {}, m = {}, v = {}, largest = {};
  int t = 0;

  void step(const Numbers& g) {
    m.resize(w.size());
    v.resize(w.size());
    largest.resize(w.size());
    ++t;
    const double alpha = rate * std::sqrt(1 - std::pow(beta_2, t)) / (1 - std::pow(beta_1, t));
    for (std::size_t i = 0; i < w.size(); ++i) {
      w[i] -= decay * rate * w[i];
      if (adam) {
        m[i] += (g[i] - m[i]) * (1 - beta_1);
        v[i] += (g[i] * g[i] - v[i]) * (1 - beta_2);
        largest[i] = std::max(largest[i], v[i]);
        w[i] -= alpha * m[i] / (std::sqrt(amsgrad ? largest[i] : v[i]) + epsilon);
      } else {
        m[i] = momentum * m[i] - rate * g[i];
        w[i] += nesterov ? momentum * m[i] - rate * g[i] : m[i];
      }
    }
  }
};

Weights two_weights() {
  return {{"kernel", variable(normals({7, 5}, 1))}, {"bias", variable(normals({5}, 2))}};
}

Numbers all_of(const Tensors& tensors) {
  Numbers all;
  for (const Tensor& t : tensors) {
    const Numbers each = numbers(stop_gradient(t));
    all.insert(all.end(), each.begin(), each.end());
  }
  return all;
}

Tensors values(const Weights& weights) {
  Tensors all;
  for (const Weight& w : weights) all.push_back(w.value);
  return all;
}

// Gradients that shrink, so that the largest second moment isn't the last.
Tensors gradients_at(int step) {
  const auto seed = static_cast<std::uint64_t>(step);
  return {normals({7, 5}, 10 + seed, 2.0f / static_cast<float>(step + 1)),
          normals({5}, 30 + seed, 2.0f / static_cast<float>(step + 1))};
}

// Leaves these gradients in the weights.
void leave(const Weights& weights, const Tensors& gradients) {
  Tensor loss = scalar(0);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    loss = loss + sum(weights[i].value * gradients[i]);
  }
  backward(loss);
}

double difference(const Numbers& a, const Numbers& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

// Six steps beside the loop; `clip` is what clipping makes of the gradients.
template <class Clip>
void check_steps(const Optimizer& optimizer, Naive naive, Clip clip) {
  const Weights weights = two_weights();
  naive.w = all_of(values(weights));
  for (int step = 0; step < 6; ++step) {
    const Tensors g = gradients_at(step);
    leave(weights, g);
    optimizer.step(weights);
    naive.step(clip(std::vector<Numbers>{numbers(g[0]), numbers(g[1])}));
    CAPTURE(step);
    CHECK(difference(all_of(values(weights)), naive.w) < 2e-6);
  }
  CHECK(optimizer.iterations() == 6);
}

Numbers joined(std::vector<Numbers> g) {
  g[0].insert(g[0].end(), g[1].begin(), g[1].end());
  return g[0];
}

double norm(const Numbers& g) {
  double squares = 0;
  for (const double v : g) squares += v * v;
  return std::sqrt(squares);
}

void check_steps(const Optimizer& optimizer, const Naive& naive) {
  check_steps(optimizer, naive, joined);
}

}  // namespace

TEST_CASE("SGD, with momentum, Nesterov's, and decay") {
  check_steps(SGD(), {});
  check_steps(SGD({.learning_rate = 0.5, .nesterov = true}), {.rate = 0.5});
  check_steps(SGD({.learning_rate = 0.1, .momentum = 0.9}), {.rate = 0.1, .momentum = 0.9});
  check_steps(SGD({.learning_rate = 0.1, .momentum = 0.9, .nesterov = true}),
              {.rate = 0.1, .momentum = 0.9, .nesterov = true});
  check_steps(SGD({.learning_rate = 0.1, .momentum = 0.5, .weight_decay = 0.2}),
              {.rate = 0.1, .momentum = 0.5, .decay = 0.2});
}

TEST_CASE("Adam, with the largest second moment, and decay") {
  check_steps(Adam(), {.adam = true, .rate = 0.001});
  check_steps(Adam({.learning_rate = 0.1, .beta_1 = 0.8, .beta_2 = 0.9, .epsilon = 0.01}),
              {.adam = true, .rate = 0.1, .beta_1 = 0.8, .beta_2 = 0.9, .epsilon = 0.01});
  check_steps(Adam({.learning_rate = 0.05, .beta_2 = 0.5, .amsgrad = true}),
              {.adam = true, .rate = 0.05, .beta_2 = 0.5, .amsgrad = true});
  check_steps(Adam({.learning_rate = 0.1, .weight_decay = 0.1}),
              {.adam = true, .rate = 0.1, .decay = 0.1});
}

TEST_CASE("Gradients are clipped by element, by norm, and by the norm of all") {
  const auto by_value = [](std::vector<Numbers> g) {
    for (Numbers& each : g) {
      for (double& v : each) v = std::clamp(v, -0.5, 0.5);
    }
    return joined(std::move(g));
  };
  const auto by_norm = [](std::vector<Numbers> g) {
    for (Numbers& each : g) {
      const double scale = std::min(1.0, 2.0 / norm(each));
      for (double& v : each) v *= scale;
    }
    return joined(std::move(g));
  };
  const auto by_norm_of_all = [](std::vector<Numbers> g) {
    Numbers all = joined(std::move(g));
    const double scale = std::min(1.0, 3.0 / norm(all));
    for (double& v : all) v *= scale;
    return all;
  };
  check_steps(SGD({.clipvalue = 0.5}), {}, by_value);
  check_steps(SGD({.clipnorm = 2}), {}, by_norm);
  check_steps(SGD({.global_clipnorm = 3}), {}, by_norm_of_all);
  check_steps(Adam({.clipvalue = 0.5}), {.adam = true, .rate = 0.001}, by_value);
  check_steps(Adam({.clipnorm = 2}), {.adam = true, .rate = 0.001}, by_norm);
  check_steps(Adam({.global_clipnorm = 3}), {.adam = true, .rate = 0.001}, by_norm_of_all);
}

TEST_CASE("Gradients of rows move the table as dense ones would") {
  const Tensor start = normals({9, 3}, 5);
  for (const bool adam : {false, true}) {
    const auto make = [adam]() -> Optimizer {
      if (adam) return Adam({.learning_rate = 0.1, .global_clipnorm = 1});
      return SGD({.learning_rate = 0.1, .momentum = 0.9});
    };
    const Optimizer rows = make(), dense = make();
    const auto embedding = Embedding({.input_dim = 9, .output_dim = 3, .weights = start});
    const Weights table = {{"table", variable(start.clone())}};
    for (std::uint64_t step = 0; step < 4; ++step) {
      const Tensor ids = random_ids({4, 3}, step, 5);  // rows 5 to 8 never come
      const Tensor factor = normals({4, 3, 3}, 40 + step);
      backward(sum(embedding(ids) * factor));
      rows.step(embedding.weights());
      Tensor g = zeros({9, 3});
      for (std::size_t i = 0; i < ids.ints().size(); ++i) {
        for (std::size_t c = 0; c < 3; ++c) {
          g.mutable_floats()[static_cast<std::size_t>(ids.ints()[i]) * 3 + c] +=
              factor.floats()[i * 3 + c];
        }
      }
      leave(table, {g});
      dense.step(table);
    }
    check_close(stop_gradient(embedding.weights()[0].value), stop_gradient(table[0].value), 1e-6);
  }
}

TEST_CASE("A frozen weight stays and loses its gradient; thawed, it moves") {
  const auto frozen = Dense({.units = 2}), free = Dense({.units = 2});
  const Tensor x = normals({4, 3}, 1);
  frozen.build({x.shape()});
  free.build({Shape{4, 2}});
  frozen.set_trainable(false);
  const auto weights = [&] {
    Weights all = frozen.weights();
    for (const Weight& w : free.weights()) all.push_back(w);
    return all;
  };
  const Adam adam;
  const Tensor kernel = frozen.weights()[0].value, other = free.weights()[0].value;
  const Tensor before = stop_gradient(kernel).clone(), other_before = stop_gradient(other).clone();
  backward(sum(free(frozen(x))));
  CHECK(grad(kernel).defined());
  adam.step(weights());
  CHECK(same_bits(stop_gradient(kernel), before));
  CHECK_FALSE(same_bits(stop_gradient(other), other_before));
  for (const Weight& w : weights()) CHECK_FALSE(grad(w.value).defined());
  frozen.set_trainable(true);
  backward(sum(free(frozen(x))));
  adam.step(weights());
  CHECK_FALSE(same_bits(stop_gradient(kernel), before));
}

TEST_CASE("A weight without a gradient stays as it is") {
  const Weights weights = two_weights();
  const Tensor bias = stop_gradient(weights[1].value).clone();
  const auto sgd = SGD({.weight_decay = 0.5});
  backward(sum(weights[0].value));
  sgd.step(weights);
  CHECK(same_bits(stop_gradient(weights[1].value), bias));
}

TEST_CASE("The learning rate can be changed on the way") {
  const Weights weights = {{"w", variable(tensor({1.0}))}};
  const auto sgd = SGD({.learning_rate = 0.5});
  const SGD copy = sgd;  // shares everything
  leave(weights, {tensor({1.0})});
  sgd.step(weights);
  CHECK(stop_gradient(weights[0].value).item() == 0.5f);
  copy.set_learning_rate(0.125);
  CHECK(sgd.learning_rate() == 0.125);
  leave(weights, {tensor({2.0})});
  sgd.step(weights);
  CHECK(stop_gradient(weights[0].value).item() == 0.25f);
  CHECK(copy.iterations() == 2);
  CHECK(message_of([&] { sgd.set_learning_rate(-1); }) ==
        "SGD \"sgd\": learning_rate is at least 0 and finite, got -1");
  CHECK(sgd.learning_rate() == 0.125);
}

TEST_CASE("An optimizer comes back from its config") {
  const auto adam = Adam({.learning_rate = 0.1, .amsgrad = true, .clipnorm = 2});
  const Optimizer again = optimizer_registry().make("Adam", adam.config());
  CHECK(again.config()["learning_rate"].str() == "0.1");
  CHECK(again.config()["amsgrad"].str() == "true");
  CHECK(again.config()["clipnorm"].str() == "2");
  CHECK(again.config()["global_clipnorm"].is_null());
  CHECK(message_of([] { optimizer_registry().make("Muon", Config::Map{}); }) ==
        "optimizer: no class \"Muon\" is registered; register_optimizer<Muon>() adds one of your "
        "own [registered: Adadelta, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, LazyAdam, Lion, "
        "Nadam, RMSprop, SGD]");
  CHECK(message_of([] { optimizer_registry().make("SGD", Config::Map{{"rate", 0.1}}); }) ==
        "SGD \"sgd\": unknown option \"rate\", got 0.1");
}

TEST_CASE("Options of optimizers are checked") {
  CHECK(message_of([] { SGD({.learning_rate = -0.5}); }) ==
        "SGD \"sgd\": learning_rate is at least 0 and finite, got -0.5");
  CHECK(message_of([] { Adam({.learning_rate = NAN}); }) ==
        "Adam \"adam\": learning_rate is at least 0 and finite, got nan");
  CHECK(message_of([] { SGD({.momentum = 1.5}); }) ==
        "SGD \"sgd\": momentum is in [0, 1], got 1.5");
  CHECK(message_of([] { SGD({.momentum = -0.5}); }) ==
        "SGD \"sgd\": momentum is in [0, 1], got -0.5");
  CHECK(message_of([] { Adam({.beta_1 = 1}); }) ==
        "Adam \"adam\": beta_1 and beta_2 are in [0, 1), also as float32, got 1");
  CHECK(message_of([] { Adam({.beta_2 = -0.5, .name = "mine"}); }) ==
        "Adam \"mine\": beta_1 and beta_2 are in [0, 1), also as float32, got -0.5");
  CHECK(message_of([] { Adam({.beta_2 = 1 - 1e-9}); }) ==
        "Adam \"adam\": beta_1 and beta_2 are in [0, 1), also as float32, got 0.999999999");
  CHECK(message_of([] { Adam({.epsilon = -1}); }) ==
        "Adam \"adam\": epsilon is at least 0 and finite, got -1");
  CHECK(message_of([] { SGD({.weight_decay = NAN}); }) ==
        "SGD \"sgd\": weight_decay is at least 0 and finite, got nan");
  CHECK(message_of([] { Adam({.clipnorm = 1, .clipvalue = 1}); }) ==
        "Adam \"adam\": of clipnorm, clipvalue and global_clipnorm only one can be set");
  CHECK(message_of([] { SGD({.clipvalue = 1, .global_clipnorm = 1}); }) ==
        "SGD \"sgd\": of clipnorm, clipvalue and global_clipnorm only one can be set");
  CHECK(message_of([] { SGD({.clipvalue = 0}); }) ==
        "SGD \"sgd\": clipvalue is positive, got 0");
  CHECK(message_of([] { SGD({.global_clipnorm = -2}); }) ==
        "SGD \"sgd\": global_clipnorm is positive, got -2");
  CHECK(message_of([] { Adam({.clipnorm = NAN}); }) ==
        "Adam \"adam\": clipnorm is positive, got nan");
}

TEST_CASE("Options of the other optimizers are checked, and have Keras's defaults") {
  struct Wrong {
    const char* class_name;
    const char* option;
    Config value;
    const char* message;
  };
  const std::vector<Wrong> wrong = {
      {"AdamW", "beta_1", 1.0, "beta_1 and beta_2 are in [0, 1), also as float32, got 1"},
      {"Adamax", "epsilon", -1.0, "epsilon is at least 0 and finite, got -1"},
      {"Nadam", "beta_2", -1.0, "beta_1 and beta_2 are in [0, 1), also as float32, got -1"},
      {"RMSprop", "rho", 1.5, "rho is in [0, 1], got 1.5"},
      {"RMSprop", "momentum", -1.0, "momentum is in [0, 1], got -1"},
      {"Adadelta", "rho", -1.0, "rho is in [0, 1], got -1"},
      {"Adagrad", "initial_accumulator_value", -1.0,
       "initial_accumulator_value is at least 0 and finite, got -1"},
      {"Lion", "beta_1", 0.0, "beta_1 is in (0, 1], got 0"},
      {"Lion", "beta_2", 2.0, "beta_2 is in [0, 1], got 2"},
      {"SGD", "ema_momentum", 1.5, "ema_momentum is in [0, 1], got 1.5"},
      {"SGD", "ema_overwrite_frequency", 0, "ema_overwrite_frequency is at least 1, got 0"},
      {"SGD", "gradient_accumulation_steps", 1,
       "gradient_accumulation_steps is at least 2, got 1"},
  };
  for (const Wrong& w : wrong) {
    const std::string message = message_of([&] {
      optimizer_registry().make(w.class_name, Config::Map{{w.option, w.value}, {"name", "o"}});
    });
    CHECK(message == std::string(w.class_name) + " \"o\": " + w.message);
  }
  CHECK(AdamW().config().str().starts_with(
      R"({"name": "adamw", "learning_rate": 0.001, "weight_decay": 0.004, "clip)"));
  CHECK(RMSprop().config()["name"].str() == "\"rmsprop\"");
  CHECK(Lion().config()["beta_2"].str() == "0.99");
  CHECK(RMSprop().config()["rho"].str() == "0.9");
  CHECK(Adadelta().config()["rho"].str() == "0.95");
  CHECK(Adagrad().config()["initial_accumulator_value"].str() == "0.1");
}

TEST_CASE("A step needs gradients, and the weights of the step before") {
  const Weights weights = two_weights(), others = two_weights();
  const Adam adam;
  CHECK(message_of([&] { adam.step(weights); }) ==
        "Adam \"adam\": none of the 2 weights has a gradient; call backward on a loss that "
        "depends on them first");
  CHECK(message_of([&] { adam.step({{"w", weights[0].value, false}}); }) ==
        "Adam \"adam\": none of the 1 weights is trainable");
  CHECK(adam.iterations() == 0);
  leave(weights, gradients_at(0));
  adam.step(weights);
  leave(others, gradients_at(0));
  const std::string refused =
      "Adam \"adam\": keeps state for the 2 weights of its first step and got others; use one "
      "optimizer for one set of weights";
  CHECK(message_of([&] { adam.step(others); }) == refused);
  CHECK(message_of([&] { adam.step({weights[0]}); }) == refused);
  CHECK(message_of([&] { adam.step({weights[1], weights[0]}); }) == refused);
  leave(weights, gradients_at(1));
  adam.step(weights);
  CHECK(adam.iterations() == 2);
}
