// Regularizers and constraints, alone and as the options of layers.
#include <cmath>

#include <fmt/format.h>

#include <kindling/layers/conv1d.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/embedding.h>
#include <kindling/layers/layer_normalization.h>
#include <kindling/layers/time_distributed.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

namespace {

const Tensor w = tensor({{3.0, 0.0, -1.0}, {-4.0, 0.5, 0.0}});

// A function that comes back from its config and does the same, with what its config says.
template <class Function>
void check_back(const Function& function, const std::string& config) {
  CHECK(to_config(function)["config"].str() == config);
  Function again;
  from_config(to_config(function), again, "test");
  CHECK(same_bits(again(w), function(w)));
  CHECK(layer_check::same(to_config(again), to_config(function)));
}

}  // namespace

TEST_CASE("Regularizers add what they say to the loss") {
  // Cosines of rows: -12 / (sqrt(10) sqrt(16.25)); of columns: -0.8, -0.6, 0.
  const struct {
    Regularizer regularizer;
    double expected;
    std::string config;
  } cases[] = {
      {L1(), 0.085, "{\"l1\": 0.01}"},
      {L2({.l2 = 0.1}), 2.625, "{\"l2\": 0.1}"},
      {L1L2({.l1 = 0.01, .l2 = 0.1}), 2.71, "{\"l1\": 0.01, \"l2\": 0.1}"},
      {OrthogonalRegularizer(), 0.01 * 12 / std::sqrt(162.5),
       "{\"factor\": 0.01, \"mode\": \"rows\"}"},
      {OrthogonalRegularizer({.factor = 3, .mode = OrthogonalMode::columns}), 1.4,
       "{\"factor\": 3, \"mode\": \"columns\"}"}};
  for (const auto& c : cases) {
    CHECK(c.regularizer(w).item() == Approx(c.expected).epsilon(1e-6));
    check_back(c.regularizer, c.config);
    const auto f = [&](const Tensors& x) { return c.regularizer(x[0]); };
    CHECK(message_of([&] { gradcheck(f, {normals({3, 4}, 1) + 0.1}); }) == "no error");
  }
  CHECK(Regularizer("l2")(w).item() == Approx(0.2625));
  for (const double wrong : {-0.5, static_cast<double>(NAN), static_cast<double>(INFINITY)}) {
    const std::string rule = fmt::format(" is at least 0 and finite, got {}", wrong);
    CHECK(message_of([&] { L1({.l1 = wrong}); }) == "L1: l1" + rule);
    CHECK(message_of([&] { L2({.l2 = wrong}); }) == "L2: l2" + rule);
    CHECK(message_of([&] { L1L2({.l1 = wrong}); }) == "L1L2: l1" + rule);
    CHECK(message_of([&] { L1L2({.l2 = wrong}); }) == "L1L2: l2" + rule);
    CHECK(message_of([&] { OrthogonalRegularizer({.factor = wrong}); }) ==
          "OrthogonalRegularizer: factor" + rule);
    CHECK(message_of([&] { MaxNorm({.max_value = wrong}); }) == "MaxNorm: max_value" + rule);
    CHECK(message_of([&] { MinMaxNorm({.min_value = wrong}); }) == "MinMaxNorm: min_value" + rule);
  }
  CHECK(message_of([] { OrthogonalRegularizer()(zeros({3})); }) ==
        "OrthogonalRegularizer: a matrix is needed, got (3,)");
  CHECK(message_of([] { Regularizer("l3"); }) ==
        "regularizer: one of L1, L1L2, L2, OrthogonalRegularizer is needed, got \"l3\"");
}

TEST_CASE("Constraints bring a weight to what it may be") {
  check_close(NonNeg()(w), tensor({{3.0, 0.0, 0.0}, {0.0, 0.5, 0.0}}), 0);
  check_close(MaxNorm()(w), tensor({{1.2, 0.0, -1.0}, {-1.6, 0.5, 0.0}}), 1e-6);
  check_close(MaxNorm({.max_value = 3, .axis = 1})(w),
              tensor({{2.8460499, 0.0, -0.9486833}, {-2.9768350, 0.3721044, 0.0}}), 1e-6);
  check_close(UnitNorm()(w), tensor({{0.6, 0.0, -1.0}, {-0.8, 1.0, 0.0}}), 1e-6);
  check_close(MinMaxNorm({.min_value = 1, .max_value = 2, .rate = 0.5})(w),
              tensor({{2.1, 0.0, -1.0}, {-2.8, 0.75, 0.0}}), 1e-6);
  const double norm = std::sqrt(26.25);
  check_close(UnitNorm({.axis = {0, 1}})(w), w * (1 / norm), 1e-6);
  check_close(UnitNorm()(zeros({2, 2})), zeros({2, 2}), 0);
  check_back(NonNeg(), "{}");
  check_back(MaxNorm({.max_value = 3}), "{\"max_value\": 3, \"axis\": 0}");
  check_back(UnitNorm({.axis = {0, 1}}), "{\"axis\": [0, 1]}");
  check_back(MinMaxNorm({.min_value = 1, .rate = 0.5}),
             "{\"min_value\": 1, \"max_value\": 1, \"rate\": 0.5, \"axis\": 0}");
  CHECK(message_of([] { MinMaxNorm({.min_value = 2}); }) ==
        "MinMaxNorm: min_value is at most max_value, got 2 and 1");
  CHECK(message_of([] { MinMaxNorm({.rate = 1.5}); }) == "MinMaxNorm: rate is in [0, 1], got 1.5");
  // Squares of these overflow.
  const Tensor huge = tensor({{3e30}, {4e30}});
  check_close(MaxNorm()(huge), tensor({{1.2}, {1.6}}), 1e-6);
  check_close(UnitNorm()(huge), tensor({{0.6}, {0.8}}), 1e-6);
  CHECK(message_of([] { Constraint("norm"); }) ==
        "constraint: one of MaxNorm, MinMaxNorm, NonNeg, UnitNorm is needed, got \"norm\"");
}

TEST_CASE("Layers take them as options, for each weight and the result") {
  const auto regularized = [](const Layer& layer, const Tensor& x) {
    layer(x);
    std::vector<double> losses;
    for (const Tensor& loss : layer.losses()) {
      losses.push_back(std::round(loss.item() * 1e4f) / 1e4);
    }
    return losses;
  };
  const auto constant = [](double value) { return Constant({.value = value}); };
  const auto dense = [&] {
    return Dense({.units = 2, .kernel_initializer = constant(2), .bias_initializer = constant(1),
                  .kernel_regularizer = L1(), .bias_regularizer = L2(),
                  .activity_regularizer = L1({.l1 = 1}), .kernel_constraint = NonNeg(),
                  .bias_constraint = "max_norm"});
  };
  const auto conv = [&] {
    return Conv1D({.filters = 2, .kernel_size = 1, .kernel_initializer = constant(2),
                   .bias_initializer = constant(1), .kernel_regularizer = L1(),
                   .bias_regularizer = L2(), .activity_regularizer = L1({.l1 = 1}),
                   .kernel_constraint = NonNeg(), .bias_constraint = "max_norm"});
  };
  const auto norm = [&] {
    return LayerNormalization({.beta_initializer = constant(1), .gamma_initializer = constant(2),
                               .beta_regularizer = L2(), .gamma_regularizer = L1(),
                               .beta_constraint = "max_norm", .gamma_constraint = NonNeg()});
  };
  // 6 entries of 2; 2 of 1; in each row two results 7, whatever the batch.
  using Numbers = std::vector<double>;
  CHECK(regularized(dense(), ones({4, 3})) == Numbers{0.12, 0.02, 14});
  CHECK(regularized(dense(), ones({1, 3})) == Numbers{0.12, 0.02, 14});
  CHECK(regularized(conv(), ones({4, 1, 3})) == Numbers{0.12, 0.02, 14});
  // As if a step came after the other, which is how Keras calls it.
  const auto each_step = TimeDistributed({.layer = dense()});
  CHECK(regularized(each_step, ones({4, 5, 3})) == Numbers{0.12, 0.02, 70});
  CHECK(regularized(TimeDistributed({.layer = TimeDistributed({.layer = dense()})}),
                    ones({4, 5, 2, 3})) == Numbers{0.12, 0.02, 140});
  CHECK(regularized(norm(), ones({4, 3})) == Numbers{0.06, 0.03});
  const std::vector<std::string> both = {"kernel", "bias"};
  check_layer(dense(), {ones({4, 3})}, {.weights = both});
  check_layer(conv(), {ones({4, 1, 3})}, {.weights = both});
  check_layer(norm(), {normals({4, 3}, 1)}, {.weights = {"gamma", "beta"}});
  const Layer built = dense();
  built.build({{4, 3}});
  const Weights weights = built.weights();
  CHECK(to_config(weights[0].constraint)["class_name"].str() == "\"NonNeg\"");
  CHECK(to_config(weights[1].constraint)["class_name"].str() == "\"MaxNorm\"");

  const auto embedding = Embedding({.input_dim = 3, .output_dim = 2,
                                    .embeddings_initializer = constant(2),
                                    .embeddings_regularizer = "l1",
                                    .embeddings_constraint = UnitNorm({.axis = 1})});
  CHECK(regularized(embedding, tensor({{1, 2}})) == Numbers{0.12});
  CHECK(embedding.config()["embeddings_constraint"]["class_name"].str() == "\"UnitNorm\"");
  CHECK(embedding.weights()[0].constraint.defined());
}
