// spiral: which arm of a spiral is a point on? A network of two hidden layers, made of tensors and
// gradients alone: no Layer, no Model, no Optimizer.
#include <fmt/format.h>

#include <cmath>

#include <kindling/tools/program.h>

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
  const StopOnSignal stop;
  Tensors velocity;
  for (const Tensor& w : network.w) velocity.push_back(zeros(w.shape()));
  for (int step = 1; step <= descent.steps; ++step) {
    if (stop.signal() != 0) {
      throw Stopped(stop.signal(), fmt::format("stopped before step {}; the same command starts "
                                               "anew, and takes seconds", step));
    }
    const Tensor loss = crossentropy(network(points.xy), points.arms);
    backward(loss);  // leaves in each variable its gradient
    for (std::size_t i = 0; i < velocity.size(); ++i) {
      Tensor& w = network.w[i];
      const Tensor gradient = take_gradient(w).dense();
      velocity[i] = descent.momentum * velocity[i] - descent.learning_rate * gradient;
      w = variable(stop_gradient(w) + velocity[i]);
    }
    if (!std::isfinite(loss.item())) {
      throw Error(fmt::format("the loss became NaN or infinite at step {}; a smaller "
                              "--learning-rate may help", step));
    }
    if (step == 1 || step % 200 == 0 || step == descent.steps) {
      fmt::print("step {:5}   loss {:.4f}   accuracy {:.4f}\n", step, loss.item(),
                 accuracy(network, points));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Learns to tell the arms of a spiral apart, from tensors and gradients alone",
               "spiral");
  Descent descent;
  int arms = 3, points_per_arm = 200;
  double noise = 0.2, expected = 0;
  std::int64_t hidden = 64, seed = 1;
  add_number(app, "--arms", arms, "Arms of the spiral", 2, 4);
  add_number(app, "--points", points_per_arm, "Points on an arm to learn from", 1, most_count);
  add_number(app, "--noise", noise, "By how much points are turned, radians", 0, 3);
  add_number(app, "--hidden", hidden, "Units of a hidden layer", 1, most_count);
  add_number(app, "--steps", descent.steps, "Steps of gradient descent", 1, most_count);
  add_number(app, "--learning-rate", descent.learning_rate, "Of the descent", 0, largest_number);
  add_number(app, "--momentum", descent.momentum, "Of the descent", 0, 0.999);
  add_number(app, "--seed", seed, "Of everything that is random", 0, most_seed);
  add_number(app, "--expect", expected, "Fail below this accuracy", 0, 1);
  return run_program(app, argc, argv, [&] {
    set_random_seed(static_cast<std::uint64_t>(seed));
    const Points points = spiral(points_per_arm, arms, noise), unseen = spiral(1000, arms, noise);
    Network network(hidden, arms);
    train(network, points, descent);
    const double reached = accuracy(network, unseen);
    fmt::print("\n{}\naccuracy on {} unseen points: {:.4f}\n",
               picture([&](const Tensor& xy) { return classify(network, xy); }, points),
               unseen.arms.elements(), reached);
    if (reached < expected) {
      throw Error(fmt::format("accuracy {:.4f}, at least {} was expected", reached, expected));
    }
  });
}
