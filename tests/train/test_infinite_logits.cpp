// Cross-entropies at infinite logits, masked NaN, and vectors whose squares overflow.
#include <cmath>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/train/metrics.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

constexpr double inf = INFINITY;

struct At {
  double value;
  std::vector<double> slope;
};
At at(const Loss& loss, const Tensor& y, const Tensor& x, const Tensor& weight = {}) {
  const Tensor p = variable(x.clone());
  const Tensor value = loss(y, with_mask(p, x.mask()), weight);
  backward(value);
  return {static_cast<double>(value.item()), numbers(grad(p))};
}

}  // namespace

TEST_CASE("Binary losses of infinite logits are the limits, as are their slopes") {
  const auto check = [](const Loss& loss, double y, double x, double value, double slope) {
    CAPTURE(loss.class_name(), y, x);
    const At got = at(loss, full({1, 1}, y), full({1, 1}, x));
    CHECK(got.value == value);
    CHECK(got.slope == std::vector<double>{slope});
    const Metric metric(loss);
    metric.update(full({1, 1}, y), full({1, 1}, x));
    CHECK(metric.result() == value);
  };
  std::vector<Loss> losses = {BinaryCrossentropy({.from_logits = true})};
  for (const double gamma : {0.0, 0.5, 1.0, 2.0}) {
    losses.push_back(BinaryFocalCrossentropy({.gamma = gamma, .from_logits = true}));
  }
  for (const Loss& loss : losses) {
    check(loss, 0, -inf, 0, 0);
    check(loss, 1, inf, 0, 0);
    check(loss, 1, -inf, inf, -1);
    check(loss, 0, inf, inf, 1);
  }
  check(losses[0], 0.25, inf, inf, 0.75);
  const auto balanced = BinaryFocalCrossentropy(
      {.apply_class_balancing = true, .alpha = 0.75, .from_logits = true});
  check(balanced, 0, -inf, 0, 0);
  check(balanced, 1, -inf, inf, -0.75);
}

TEST_CASE("Categorical losses of infinite logits are the limits, as are their slopes") {
  std::vector<Loss> losses = {CategoricalCrossentropy({.from_logits = true}),
                              SparseCategoricalCrossentropy({.from_logits = true})};
  for (const double gamma : {0.0, 0.5, 1.0, 2.0}) {
    losses.push_back(
        CategoricalFocalCrossentropy({.alpha = 1, .gamma = gamma, .from_logits = true}));
  }
  for (const Loss& loss : losses) {
    const bool sparse = loss.class_name().starts_with("Sparse");
    const auto check = [&](int label, const Tensor& x, double value, std::vector<double> slope) {
      CAPTURE(loss.class_name(), label, numbers(x));
      const Tensor y = sparse ? tensor({label})
                              : tensor_of({1, 3}, [=](const Index& i) { return i[1] == label; });
      const At got = at(loss, y, x);
      CHECK(got.value == value);
      CHECK(got.slope == slope);
      const Metric metric(loss);
      metric.update(y, x);
      CHECK(metric.result() == value);
    };
    const Tensor low = tensor({{-inf, 0.0, -inf}}), high = tensor({{0.0, inf, 7.0}});
    for (const Tensor& x : {low, high}) {
      check(1, x, 0, {0, 0, 0});
      check(0, x, inf, {-1, 1, 0});
    }
  }
  const Tensor two = tensor({{inf, inf, 0.0}});
  check_close(softmax(two), tensor({{0.5, 0.5, 0.0}}), 1e-6);
  CHECK(CategoricalCrossentropy({.from_logits = true})(tensor({{1.0, 0.0, 0.0}}), two).item() ==
        Approx(std::log(2.0)));
  const SparseTopKCategoricalAccuracy top({.k = 1});
  top.update(tensor({1}), tensor({{0.0, inf, 7.0}}));
  CHECK(top.result() == 1);
}

TEST_CASE("What a mask or a weight of 0 leaves out isn't looked at, whatever stands there") {
  const Tensor nan = full({1, 1, 3}, NAN), good = tensor({0.2, 0.3, 0.5}).reshaped({1, 1, 3});
  const Tensor p = concatenate({good, nan}, 1);
  const Tensor mask = mask_of({{true, false}}), weight = tensor({{1.0, 0.0}});
  for (const std::string& name : loss_registry().names()) {
    CAPTURE(name);
    const bool of_batch = name == "Dice" || name == "Tversky";  // unless there is an axis
    const Loss loss =
        loss_registry().make(name, of_batch ? Config::Map{{"axis", -1}} : Config::Map());
    const bool sparse = name.starts_with("Sparse");
    const Tensor first = sparse ? tensor({{1}}) : tensor({0.0, 1.0, 0.0}).reshaped({1, 1, 3});
    const Tensor padding = sparse ? tensor({{-1}}) : full({1, 1, 3}, NAN);
    const Tensor y = concatenate({first, padding}, 1);
    const At alone = at(loss, first, good);
    const At masked = at(loss, y, with_mask(p, mask)), weighed = at(loss, y, p, weight);
    CHECK(masked.value == Approx(alone.value));
    CHECK(weighed.value == Approx(alone.value / 2));
    for (std::size_t i = 0; i < 6; ++i) {
      CHECK(masked.slope[i] == Approx(i < 3 ? alone.slope[i] : 0));
      CHECK(weighed.slope[i] == Approx(i < 3 ? alone.slope[i] / 2 : 0));
    }
    const Metric metric(loss), of_first(loss);
    metric.update(y, p, weight);
    of_first.update(first, good);
    CHECK(metric.result() == Approx(of_first.result()));
    metric.reset();
    metric.update(y, with_mask(p, mask));
    CHECK(metric.result() == Approx(of_first.result()));
  }
  const Tensor ids = tensor({{1, 7}});
  const Loss ignoring = SparseCategoricalCrossentropy({.ignore_class = 7});
  const At got = at(ignoring, ids, p);
  CHECK(got.value == Approx(-std::log(0.3)));
  CHECK(got.slope[5] == 0);
}

TEST_CASE("Vectors whose squares overflow have a direction and a length") {
  const Tensor huge = tensor({{3e30, 4e30}, {3e-3, 4e-3}});
  check_close(l2_normalize(huge), tensor({{0.6, 0.8}, {0.6, 0.8}}), 1e-6);
  const At got = at(CosineSimilarity(), tensor({{0.0, 1.0}, {0.0, 1.0}}), huge);
  CHECK(got.value == Approx(-0.8));
  CHECK(got.slope[0] == Approx(0.5 * 0.48 / 5e30));
  const Metric similarity = CosineSimilarity();
  similarity.update(huge, huge);
  CHECK(similarity.result() == Approx(1));
}
