// Lamb and Ftrl against Keras's own numbers.
#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/optim/adagrad.h>
#include <kindling/optim/adam.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

// Three steps of a kernel (2, 3) and a bias that is 0 at first.
void check_steps(const Optimizer& optimizer, const Tensor& kernel, const Tensor& bias) {
  const Weights weights = {{"kernel", variable(tensor({{0.5, -1.0, 2.0}, {0.0, 0.25, -0.75}}))},
                           {"bias", variable(zeros({2}))}};
  const Tensor kernels[] = {tensor({{0.1, -0.2, 0.3}, {0.4, 0.0, -0.6}}),
                            tensor({{-0.3, 0.1, 0.2}, {0.05, 0.5, 0.1}}),
                            tensor({{0.2, 0.2, -0.1}, {-0.4, 0.3, 0.6}})};
  const Tensor biases[] = {tensor({0.5, -0.25}), tensor({0.1, 0.0}), tensor({-0.2, 0.3})};
  for (std::size_t i = 0; i < 3; ++i) {
    backward({weights[0].value * 1, weights[1].value * 1}, {kernels[i], biases[i]});
    optimizer.step(weights);
  }
  check_close(weights[0].value, kernel, 2e-6);
  check_close(weights[1].value, bias, 2e-6);
}

}  // namespace

TEST_CASE("Lamb") {
  check_steps(Lamb({.learning_rate = 0.1}),
              tensor({{0.455460608, -0.910348177, 1.647009373},
                      {-0.205008611, -0.018301681, -0.598765135}}),
              tensor({-0.124967739, 0.102521703}));
  check_steps(Lamb({.learning_rate = 0.05, .beta_1 = 0.8, .beta_2 = 0.9, .epsilon = 1e-3,
                    .weight_decay = 0.1}),
              tensor({{0.472439229, -0.953748584, 1.797650099},
                      {-0.092161775, 0.105299756, -0.675222576}}),
              tensor({-0.054783240, 0.049006876}));
  check_steps(Lamb({.learning_rate = 0.1, .use_ema = true, .ema_momentum = 0.5,
                    .ema_overwrite_frequency = 2}),
              tensor({{0.421510667, -0.930308700, 1.709940314},
                      {-0.152950108, 0.027431965, -0.636598825}}),
              tensor({-0.118899159, 0.098287761}));
}

TEST_CASE("Ftrl") {
  check_steps(Ftrl({.learning_rate = 0.1}),
              tensor({{0.019374786, -0.173096552, 0.458932310},
                      {-0.026666991, -0.129742131, -0.392290592}}),
              tensor({-0.069559313, 0.002315135}));
  check_steps(Ftrl({.learning_rate = 0.2, .learning_rate_power = -0.8,
                    .initial_accumulator_value = 0.3, .l1_regularization_strength = 0.05,
                    .l2_regularization_strength = 0.1,
                    .l2_shrinkage_regularization_strength = 0.2, .beta = 0.4}),
              tensor({{-0.026492696, 0.002253898, -0.046994619},
                      {0.0, -0.150834739, -0.145085320}}),
              tensor({-0.054013621, -0.003467500}));
  check_steps(Ftrl({.learning_rate = 0.1, .learning_rate_power = 0, .weight_decay = 0.1}),
              tensor({{0.0, -0.01, -0.04}, {-0.005, -0.08, -0.01}}), tensor({-0.04, -0.005}));
  CHECK(message_of([] { Ftrl({.learning_rate_power = 0.5}); }) ==
        "Ftrl \"ftrl\": learning_rate_power is at most 0 and finite, got 0.5");
  CHECK(message_of([] { Ftrl({.beta = -1}); }) ==
        "Ftrl \"ftrl\": beta is at least 0 and finite, got -1");
}
