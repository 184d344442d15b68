// Losses against loops in double.
#include <cmath>

#include <fmt/format.h>

#include <kindling/autograd/gradcheck.h>
#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/train/losses.h>
#include <kindling/train/metric.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

double crossentropy(double y, double p) {
  p = std::clamp(p, static_cast<double>(1e-7f), static_cast<double>(1 - 1e-7f));
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
  // Of 1 - 1e-7 as float32, which is 1 - 2^-23.
  CHECK(static_cast<double>(certain.item()) ==
        Approx(-(std::log(1e-7) + std::log(std::ldexp(1, -23))) / 2));
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
  CHECK(message_of([] { BinaryCrossentropy({.axis = 1 << 30}); }) ==
        who + "axis is in [-6, 6), got 1073741824");
  CHECK(message_of([] { Huber({.delta = -1}); }) ==
        "Huber \"huber_loss\": delta is above 0 and finite, got -1");
  CHECK(message_of([] { BinaryFocalCrossentropy({.alpha = 1.5}); }) ==
        "BinaryFocalCrossentropy \"binary_focal_crossentropy\": alpha is in [0, 1], got 1.5");
  CHECK(message_of([] { CategoricalFocalCrossentropy({.gamma = -2}); }) ==
        "CategoricalFocalCrossentropy \"categorical_focal_crossentropy\": gamma is at least 0 and "
        "finite, got -2");
}

TEST_CASE("Losses: truth that is NaN, or no class, is refused with its place") {
  const auto sparse = SparseCategoricalCrossentropy();
  const std::string who = "SparseCategoricalCrossentropy \"sparse_categorical_crossentropy\": ";
  Tensor y = zeros({3, 2});
  y.mutable_floats()[3] = NAN;
  CHECK(message_of([&] { MeanSquaredError()(y, zeros({3, 2})); }) ==
        "MeanSquaredError \"mean_squared_error\": truth is made of finite numbers, got nan at "
        "(1, 1) [y_true (3, 2)]");
  y.mutable_floats()[3] = INFINITY;
  y.mutable_floats()[2] = -INFINITY;  // whose sum is NaN
  CHECK(message_of([&] { MeanSquaredError()(y, zeros({3, 2})); }) ==
        "MeanSquaredError \"mean_squared_error\": truth is made of finite numbers, got -inf at "
        "(1, 0) [y_true (3, 2)]");
  const Tensor p = full({2, 3, 4}, 0.25);
  CHECK(message_of([&] { sparse(tensor({{0, 1, 3}, {2, 4, 0}}), p); }) ==
        who + "a class is a whole number in [0, 4), got 4 at (1, 1)");
  CHECK(message_of([&] { sparse(tensor({{0, -1, 3}, {2, 4, 0}}), p); }) ==
        who + "a class is a whole number in [0, 4), got -1 at (0, 1)");
  CHECK(message_of([&] { sparse(tensor({{0.0, 1.0, 1.5}, {2.0, 3.0, 0.0}}), p); }) ==
        who + "a class is a whole number in [0, 4), got 1.5 at (0, 2)");
  CHECK(message_of([&] { sparse(full({2, 3, 1}, NAN), p); }) ==
        who + "a class is a whole number in [0, 4), got nan at (0, 0, 0)");
  CHECK(message_of([&] { sparse(zeros({2, 3, 4}), p); }) ==
        who + "truth is a class an example, (2, 3) [y_true (2, 3, 4), y_pred (2, 3, 4)]");
  const Tensor ids = tensor({{0, 1, 3}, {2, 3, 0}});
  CHECK(same_bits(sparse(ids, p), sparse(cast(ids, DType::float32).reshaped({2, 3, 1}), p)));
}

TEST_CASE("Losses: truth that a loss is not for is refused, what is usual isn't") {
  const Tensor p = tensor({{0.25, 0.5}});
  const auto message = [&](const std::string& name, const Tensor& y) {
    return message_of([&] { loss_registry().make(name, Config::Map())(y, p); });
  };
  const auto refused = [&](const std::string& name, double label, const std::string& rule) {
    CAPTURE(name, label);
    CHECK(message(name, tensor({{0.0, label}}))
              .ends_with(fmt::format(": {}, got {} at (0, 1) [y_true (1, 2)]", rule, label)));
  };
  for (const char* name :
       {"BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy",
        "CategoricalFocalCrossentropy", "KLDivergence"}) {
    refused(name, 2, "labels are between 0 and 1");
    refused(name, -1, "labels are between 0 and 1");
    CHECK(message(name, tensor({{0.1, 0.9}})) == "no error");
  }
  for (const char* name : {"Hinge", "SquaredHinge"}) {
    refused(name, 0.5, "labels are -1, 0 or 1");
    CHECK(message(name, tensor({{-1.0, 1.0}})) == "no error");
    CHECK(message(name, tensor({{-1.0, 0.0}})) == "no error");  // 0 is neither
    CHECK(message(name, tensor({{0, 1}})) == "no error");
  }
  refused("CategoricalHinge", -2, "labels are between -1 and 1");
  CHECK(message("CategoricalHinge", tensor({{-1.0, 0.9}})) == "no error");
  refused("Poisson", -1, "truth is at least 0 and finite");
  CHECK(message("Poisson", tensor({{0.0, 12.5}})) == "no error");
  CHECK(message("MeanSquaredLogarithmicError", tensor({{-5.0, 12.5}})) == "no error");
  const Tensor infinite = tensor({{0.0, static_cast<double>(INFINITY)}});
  for (const std::string& name : loss_registry().names()) {
    if (!name.starts_with("Sparse")) CHECK(message(name, infinite) != "no error");
  }
}

TEST_CASE("Losses: sample weights of any dtype, none below 0 or NaN") {
  const Tensor y = normals({3, 2}, 1), p = normals({3, 2}, 2);
  const auto loss = MeanSquaredError();
  const Tensor expected = loss(y, p, tensor({2.0, 0.0, 1.0}));
  CHECK(same_bits(loss(y, p, tensor({2, 0, 1})), expected));
  CHECK(same_bits(loss(y, p, tensor({1, 0, 1})),
                  loss(y, p, mask_of({{true}, {false}, {true}}))));
  const std::string who = "MeanSquaredError \"mean_squared_error\": a sample weight is at least 0 "
                          "and finite, got ";
  CHECK(message_of([&] { loss(y, p, tensor({1, -2, 1})); }) == who + "-2 at (1,) "
                                                                     "[sample_weight (3,)]");
  CHECK(message_of([&] { loss(y, p, tensor({{1.0}, {1.0}, {static_cast<double>(NAN)}})); }) ==
        who + "nan at (2, 0) [sample_weight (3, 1)]");
  const Metric metric(loss);
  const Tensor infinite = tensor({1.0, static_cast<double>(INFINITY), 1.0});
  CHECK(message_of([&] { metric.update(y, p, infinite); }) ==
        who + "inf at (1,) [sample_weight (3,)]");
  // Divided by the weights as they were given.
  const Tensor steps = normals({2, 3, 1}, 3), each = tensor({{1.0}, {3.0}});
  CHECK(MeanSquaredError({.reduction = Reduction::mean_with_sample_weight})(zeros({2, 3, 1}), steps,
                                                                            each).item() ==
        Approx(sum(squeeze(square(steps), 2) * each).item() / 4));
}

TEST_CASE("Losses and their derivatives are finite where they saturate") {
  const Tensor y = tensor({{1.0, 0.0}, {0.0, 1.0}});
  const Tensor far = tensor({{-300.0, 300.0}, {-300.0, 300.0}});
  const Tensor certain = tensor({{0.0, 1.0}, {0.0, 1.0}});
  const auto check = [&](const Loss& loss, const Tensor& at) {
    CAPTURE(loss.class_name());
    const Tensor p = variable(at.clone());
    const Tensor value = loss(y, p);
    CHECK(std::isfinite(value.item()));
    backward(value);
    for (const double g : numbers(grad(p))) CHECK(std::isfinite(g));
  };
  for (const double gamma : {0.0, 0.5, 2.0}) {
    check(BinaryFocalCrossentropy({.gamma = gamma, .from_logits = true}), far);
    check(BinaryFocalCrossentropy({.gamma = gamma}), certain);
    check(CategoricalFocalCrossentropy({.gamma = gamma, .from_logits = true}), far);
    check(CategoricalFocalCrossentropy({.gamma = gamma}), certain);
  }
  check(CategoricalCrossentropy({.from_logits = true}), far);
  check(CategoricalCrossentropy(), certain);
  for (const Loss& loss : std::vector<Loss>{LogCosh(), Huber(), CosineSimilarity(), KLDivergence(),
                                            MeanAbsolutePercentageError()}) {
    check(loss, far);
    check(loss, zeros({2, 2}));
  }
  // log(cosh(e)) is |e| - log(2) far out, and e^2 / 2 close to 0.
  const auto log_cosh = LogCosh({.reduction = Reduction::none});
  check_close(log_cosh(zeros({2, 1}), column({-1e4, 1e-3})) * tensor({1e-4, 2e6}),
              tensor({1 - std::log(2.0) * 1e-4, 1.0}), 1e-4);
}

namespace {

Tensor fourth_power(const Tensor& y_true, const Tensor& y_pred) {
  return mean(square(square(y_pred - y_true)), {.axis = {-1}});
}
using FourthPower = LossOf<"FourthPower", fourth_power>;

}  // namespace

TEST_CASE("Truth that depends on variables, such as a teacher's predictions, gets its gradient") {
  const Tensor y = uniforms({3, 4}, 5, 0.2, 0.7), p = uniforms({3, 4}, 6, 0.35, 0.65);
  const std::vector<Loss> losses = {
      BinaryCrossentropy({.label_smoothing = 0.1}), BinaryCrossentropy({.from_logits = true}),
      BinaryFocalCrossentropy({.gamma = 1.5}),
      BinaryFocalCrossentropy({.apply_class_balancing = true, .from_logits = true}),
      CategoricalCrossentropy(), CategoricalCrossentropy({.from_logits = true}),
      CategoricalFocalCrossentropy({.gamma = 2}), MeanSquaredError(), KLDivergence(), Poisson()};
  for (const Loss& loss : losses) {
    CAPTURE(loss.name());
    const auto f = [&](const Tensors& x) { return loss(x[0], x[1]); };
    CHECK(message_of([&] { gradcheck(f, {y, p}, {.tolerance = 2e-3}); }) == "no error");
  }
}

TEST_CASE("A mask of size 1 along an axis counts for all places there") {
  const Tensor x = normals({2, 3, 4}, 1), y = zeros({2, 3, 4});
  const Tensor mask = mask_of({{true, false, true}}).reshaped({1, 3, 1});
  const Tensor spread = broadcast_to(mask, {2, 3, 1}).reshaped({2, 3});
  CHECK(MeanSquaredError()(y, with_mask(x, mask)).item() ==
        Approx(MeanSquaredError()(y, with_mask(x, spread)).item()));
}

TEST_CASE("Dice and Tversky, of the batch or along axes: Keras's numbers") {
  const Tensor y = tensor({0, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0}).reshaped({2, 2, 3});
  const Tensor p = tensor({0.1, 0.7, 0.4, 0.8, 0.3, 0.2, 0.5, 0.1, 0.9, 0.2, 0.6, 0.05})
                       .reshaped({2, 2, 3});
  const auto check = [&](const Loss& loss, double value, double first, double second) {
    const Tensor x = variable(p.clone());
    const Tensor result = loss(y, x);
    CHECK(result.item() == Approx(value).epsilon(1e-6));
    backward(result);
    CHECK(numbers(grad(x))[0] == Approx(first).epsilon(1e-5));
    CHECK(numbers(grad(x))[1] == Approx(second).epsilon(1e-5));
  };
  check(Dice(), 0.3096446991, 0.0700867996, -0.1329589039);
  check(Dice({.axis = Axes{1, 2}}), 0.3097178638, 0.0628098994, -0.1190083027);
  check(Tversky({.alpha = 0.3, .beta = 0.7}), 0.3138244152, 0.0415444002, -0.1602718979);
  check(Tversky({.alpha = 0.2, .beta = 0.9, .axis = -1}), 0.3211103082, 0.0147655001,
        -0.1221508980);
  check(Tversky({.axis = Axes{0, 1}}), 0.3165061772, 0.0788953975, -0.1168735996);
  check_close(Dice({.reduction = Reduction::none, .axis = Axes{1, 2}})(y, p),
              tensor({0.309090853, 0.310344875}), 1e-6);
  CHECK(Dice({.axis = Axes{1, 2}})(y, p, tensor({1.0, 3.0})).item() == Approx(0.6200627));
  CHECK(Dice()(zeros({2, 2}), zeros({2, 2})).item() == 1);  // nothing there, nothing found
  CHECK(message_of([&] { Dice()(y, p, ones({2})); }) ==
        "Dice \"dice\": sample_weight broadcasts to a value an example [sample_weight (2,), "
        "values ()]");
  CHECK(message_of([] { Tversky({.beta = -1}); }) ==
        "Tversky \"tversky\": alpha and beta are at least 0 and finite, got -1");
  CHECK(message_of([&] { Dice({.axis = 3})(y, p); }).ends_with(
            "axis 3 is outside [-3, 3) [x (2, 2, 3)]"));
}

TEST_CASE("A loss of one's own is a formula with a name") {
  register_loss<FourthPower>();
  const auto loss = FourthPower({.reduction = Reduction::sum});
  CHECK(loss(tensor({{1.0, 2.0}}), tensor({{3.0, 2.0}})).item() == 8);
  CHECK(loss.name() == "fourth_power");
  const Loss again = loss_registry().make("FourthPower", loss.config());
  CHECK(again.impl()->reduction() == Reduction::sum);
}

TEST_CASE("Every loss comes back from its config") {
  for (const std::string& name : loss_registry().names()) {
    CAPTURE(name);
    const Loss loss = loss_registry().make(name, Config::Map{{"reduction", "mean"}});
    CHECK(loss_registry().make(name, loss.config()).config().str() == loss.config().str());
    CHECK(loss.impl()->reduction() == Reduction::mean);
  }
  CHECK(Huber().name() == "huber_loss");
  CHECK(KLDivergence().name() == "kl_divergence");
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
              "mean, mean_with_sample_weight, sum, none is needed, got \"max\"");
  const std::string unknown = message_of([] { loss_registry().make("Mine", Config::Map{}); });
  CHECK(unknown.starts_with("loss: no class \"Mine\" is registered; register_loss<Mine>() adds one "
                            "of your own [registered: BinaryCrossentropy, BinaryFocal"));
}
