// Losses against loops in double.
#include <cmath>

#include <kindling/autograd/gradcheck.h>
#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/train/losses.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

double crossentropy(double y, double p) {
  p = std::clamp(p, 1e-7, 1 - 1e-7);
  return -(y * std::log(p) + (1 - y) * std::log(1 - p));
}

Tensor column(std::initializer_list<double> values) {
  return tensor(values).reshaped({static_cast<std::int64_t>(values.size()), 1});
}

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

// The mean over the last axis of a loss of two numbers.
Tensor naive(const Tensor& y_true, const Tensor& y_pred,
             const std::function<double(double, double)>& loss) {
  const std::vector<double> y = numbers(y_true), p = numbers(y_pred);
  const auto width = static_cast<std::size_t>(y_pred.size(-1));
  return tensor_of(y_pred.shape().without(-1), [&, row = std::size_t{0}](const Index&) mutable {
    double total = 0;
    for (std::size_t i = row * width; i < (row + 1) * width; ++i) total += loss(y[i], p[i]);
    ++row;
    return total / static_cast<double>(width);
  });
}

void check_derivatives(const Loss& loss, const Tensor& y, const Tensor& y_pred) {
  const auto f = [&](const Tensors& in) { return loss(y, in[0]); };
  CHECK(message_of([&] { gradcheck(f, {y_pred}); }) == "no error");
}

double total(const Tensor& x) {
  double all = 0;
  for (const double v : numbers(x)) all += v;
  return all;
}

}  // namespace

TEST_CASE("Binary crossentropy, of probabilities and of logits") {
  const Tensor y = cast(coins({6, 5, 3}, 1), DType::float32), p = uniforms({6, 5, 3}, 2, 0, 1);
  const auto none = BinaryCrossentropy({.reduction = Reduction::none});
  check_close(none(y, p), naive(y, p, crossentropy));
  const Tensor x = normals({6, 5, 3}, 3, 4);
  const auto logits = BinaryCrossentropy({.from_logits = true, .reduction = Reduction::none});
  check_close(logits(y, x), naive(y, x, [](double a, double b) {
                return crossentropy(a, sigmoid_of(b));
              }));
  const auto smooth = BinaryCrossentropy({.label_smoothing = 0.2, .reduction = Reduction::none});
  check_close(smooth(y, p), naive(y, p, [](double a, double b) {
                return crossentropy(a * 0.8 + 0.1, b);
              }));
  check_derivatives(none, y, uniforms({6, 5, 3}, 2, 0.2f, 0.8f));
  check_derivatives(logits, y, x);
}

TEST_CASE("Probabilities are clipped, logits needn't be") {
  const auto bce = BinaryCrossentropy();
  const Tensor certain = bce(column({1.0, 0.0}), column({0.0, 1.0}));
  CHECK(static_cast<double>(certain.item()) == Approx(-std::log(1e-7)).epsilon(0.01));
  CHECK(bce(column({1.0, 0.0}), column({1.0, 0.0})).item() < 1e-6f);
  const auto logits = BinaryCrossentropy({.from_logits = true});
  CHECK(logits(column({1.0, 0.0}), column({-200.0, 200.0})).item() == 200);
  CHECK(logits(column({1.0, 0.0}), column({200.0, -200.0})).item() == 0);
}

TEST_CASE("Mean squared error") {
  const Tensor y = normals({4, 7}, 1), p = normals({4, 7}, 2);
  const auto none = MeanSquaredError({.reduction = Reduction::none});
  check_close(none(y, p), naive(y, p, [](double a, double b) { return (a - b) * (a - b); }));
  check_derivatives(none, y, p);
}

TEST_CASE("Losses are reduced to a mean over the batch, a sum, or not") {
  const Tensor y = normals({4, 7}, 1), p = normals({4, 7}, 2);
  const Tensor each = MeanSquaredError({.reduction = Reduction::none})(y, p);
  CHECK(each.shape() == Shape{4});
  const Tensor sum = MeanSquaredError({.reduction = Reduction::sum})(y, p);
  const Tensor mean = MeanSquaredError()(y, p);
  CHECK(sum.shape() == Shape{});
  CHECK(static_cast<double>(sum.item()) == Approx(total(each)));
  CHECK(static_cast<double>(mean.item()) == Approx(total(each) / 4));
}

TEST_CASE("Examples can be weighted") {
  const Tensor y = normals({3, 2}, 1), p = normals({3, 2}, 2);
  const auto none = MeanSquaredError({.reduction = Reduction::none});
  const Tensor each = none(y, p), weight = tensor({0.0, 1.0, 2.5});
  check_close(none(y, p, weight), each * weight, 0);
  check_close(none(y, p, weight.reshaped({3, 1})), each * weight, 0);
  check_close(none(y, p, scalar(3)), each * 3, 0);
  // Divided by the number of examples, as in Keras, not by the weights' sum.
  CHECK(static_cast<double>(MeanSquaredError()(y, p, weight).item()) ==
        Approx(total(each * weight) / 3));
  CHECK(message_of([&] { none(y, p, tensor({1.0, 2.0})); }) ==
        "MeanSquaredError \"mean_squared_error\": sample_weight broadcasts to a value an example "
        "[sample_weight (2,), values (3,)]");
  CHECK(message_of([&] { none(y, p, ones({3, 2})); }) ==
        "MeanSquaredError \"mean_squared_error\": sample_weight broadcasts to a value an example "
        "[sample_weight (3, 2), values (3,)]");
}

TEST_CASE("What a mask of the prediction leaves out doesn't count") {
  const Tensor y = zeros({1, 3, 1}), p = tensor({1.0, 5.0, 3.0}).reshaped({1, 3, 1});
  const Tensor masked = with_mask(p, mask_of({{true, false, true}}));
  CHECK(static_cast<double>(MeanSquaredError()(y, masked).item()) == Approx(5));
  CHECK(MeanSquaredError({.reduction = Reduction::sum})(y, masked).item() == 10);
  const Tensor weight = tensor({{2.0, 1.0, 0.0}});
  CHECK(static_cast<double>(MeanSquaredError()(y, masked, weight).item()) == Approx(1));
}

TEST_CASE("Truth may be of another type, and without a last axis of size 1") {
  const Tensor p = uniforms({4, 1}, 1, 0.1f, 0.9f);
  const auto bce = BinaryCrossentropy();
  const Tensor expected = bce(column({1.0, 0.0, 0.0, 1.0}), p);
  CHECK(same_bits(bce(tensor({1.0, 0.0, 0.0, 1.0}), p), expected));
  CHECK(same_bits(bce(tensor({1, 0, 0, 1}), p), expected));
  CHECK(same_bits(bce(tensor({1, 0, 0, 1}).reshaped({4, 1}), p), expected));
  CHECK(same_bits(bce(mask_of({{true}, {false}, {false}, {true}}), p), expected));
}

TEST_CASE("Losses: what doesn't fit is refused") {
  const auto bce = BinaryCrossentropy();
  const std::string who = "BinaryCrossentropy \"binary_crossentropy\": ";
  CHECK(message_of([&] { bce(zeros({4, 2}), zeros({4, 1})); }) ==
        who + "truth and prediction differ in shape [y_true (4, 2), y_pred (4, 1)]");
  CHECK(message_of([&] { bce(zeros({4}), zeros({4, 2})); }) ==
        who + "truth and prediction differ in shape [y_true (4,), y_pred (4, 2)]");
  CHECK(message_of([&] { bce(scalar(1), scalar(0.5f)); }) ==
        who + "a prediction has a batch axis, got ()");
  CHECK(message_of([&] { bce(Tensor(), zeros({4, 1})); }) ==
        who + "there is no truth to compare with; a dataset for fit or evaluate has a target");
  CHECK(message_of([] { BinaryCrossentropy({.label_smoothing = 1.5}); }) ==
        who + "label_smoothing is in [0, 1], got 1.5");
}

TEST_CASE("A loss comes back from its config") {
  const auto loss = BinaryCrossentropy(
      {.from_logits = true, .label_smoothing = 0.1, .reduction = Reduction::sum, .name = "mine"});
  const Loss again = loss_registry().make("BinaryCrossentropy", loss.config());
  CHECK(again.config().str() == loss.config().str());
  CHECK(again.name() == "mine");
  CHECK(again.config()["reduction"].str() == "\"sum\"");
  CHECK(message_of([] {
          loss_registry().make("MeanSquaredError", Config::Map{{"reduction", "max"}});
        }) == "MeanSquaredError \"mean_squared_error\": reduction: one of sum_over_batch_size, "
              "sum, none is needed, got \"max\"");
  CHECK(message_of([] { loss_registry().make("Hinge", Config::Map{}); }) ==
        "loss: no class \"Hinge\" is registered; register_loss<Hinge>() adds one of your own "
        "[registered: BinaryCrossentropy, MeanSquaredError]");
}
