// spiral: which arm of a spiral is a point on? A network of two hidden layers, made of tensors and
// gradients alone: no Layer, no Model, no Optimizer.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>

#include "points.h"

using namespace kindling;

namespace {

// Random numbers, spread so that what goes through relu keeps its size.
Tensor kernel(std::int64_t from, std::int64_t to) {
  return variable(random_normal({from, to}, 0, std::sqrt(2.0 / static_cast<double>(from))));
}
Tensor bias(std::int64_t units) { return variable(zeros({units})); }

struct Network {
  Tensors w;  // kernels and biases

  Network(std::int64_t hidden, std::int64_t arms)
      : w{kernel(2, hidden),      bias(hidden),
          kernel(hidden, hidden), bias(hidden),
          kernel(hidden, arms),   bias(arms)} {}

  // Points (n, 2) -> logits (n, arms).
  Tensor operator()(const Tensor& xy) const {
    const Tensor first = relu(matmul(xy, w[0]) + w[1]);
    const Tensor second = relu(matmul(first, w[2]) + w[3]);
    return matmul(second, w[4]) + w[5];
  }
};

// The mean of -log(probability of the true arm).
Tensor crossentropy(const Tensor& logits, const Tensor& arms) {
  const Tensor is_true = equal(expand_dims(arms, 1), arange(logits.size(1)));  // (n, arms)
  return -mean(sum(cast(is_true, DType::float32) * log_softmax(logits), {.axis = {1}}));
}

Tensor classify(const Network& network, const Tensor& xy) {
  const NoGrad no_grad;
  return argmax(network(xy));
}

double accuracy(const Network& network, const Points& points) {
  return mean(cast(equal(classify(network, points.xy), points.arms), DType::float32)).item();
}

struct Descent {
  int steps = 2000;
  double learning_rate = 0.1, momentum = 0.9;
};

void train(Network& network, const Points& points, const Descent& descent) {
  Tensors velocity;
  for (const Tensor& w : network.w) velocity.push_back(zeros(w.shape()));
  for (int step = 1; step <= descent.steps; ++step) {
    const Tensor loss = crossentropy(network(points.xy), points.arms);
    backward(loss);  // leaves in each variable its gradient
    for (std::size_t i = 0; i < velocity.size(); ++i) {
      Tensor& w = network.w[i];
      const Tensor gradient = take_gradient(w).dense();
      velocity[i] = descent.momentum * velocity[i] - descent.learning_rate * gradient;
      w = variable(stop_gradient(w) + velocity[i]);
    }
    if (step == 1 || step % 200 == 0 || step == descent.steps) {
      fmt::print("step {:5}   loss {:.4f}   accuracy {:.4f}\n", step, loss.item(),
                 accuracy(network, points));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Learns to tell the arms of a spiral apart, from tensors and gradients alone");
  Descent descent;
  int arms = 3, points_per_arm = 200;
  double noise = 0.2, expected = 0;
  std::int64_t hidden = 64;
  std::uint64_t seed = 1;
  const auto option = [&](const char* name, auto& value, const char* text) {
    return app.add_option(name, value, text)->capture_default_str();
  };
  option("--arms", arms, "Arms of the spiral")->check(CLI::Range(2, 4));
  option("--points", points_per_arm, "Points on an arm to learn from")->check(CLI::PositiveNumber);
  option("--noise", noise, "By how much points are turned, radians")->check(CLI::Range(0.0, 3.0));
  option("--hidden", hidden, "Units of a hidden layer")->check(CLI::PositiveNumber);
  option("--steps", descent.steps, "Steps of gradient descent")->check(CLI::PositiveNumber);
  option("--learning-rate", descent.learning_rate, "Of the descent")->check(CLI::PositiveNumber);
  option("--momentum", descent.momentum, "Of the descent")->check(CLI::Range(0.0, 0.999));
  option("--seed", seed, "Of everything that is random")->check(CLI::NonNegativeNumber);
  option("--expect", expected, "Fail below this accuracy")->check(CLI::Range(0.0, 1.0));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    set_random_seed(seed);
    const Points points = spiral(points_per_arm, arms, noise), unseen = spiral(1000, arms, noise);
    Network network(hidden, arms);
    train(network, points, descent);
    const double reached = accuracy(network, unseen);
    fmt::print("\n{}\naccuracy on {} unseen points: {:.4f}\n",
               picture([&](const Tensor& xy) { return classify(network, xy); }, points),
               unseen.arms.elements(), reached);
    if (reached >= expected) return 0;
    fmt::print(stderr, "spiral: accuracy {:.4f}, at least {} was expected\n", reached, expected);
  } catch (const std::exception& error) {
    fmt::print(stderr, "spiral: {}\n", error.what());
  }
  return 1;
}
