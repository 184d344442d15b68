// What metrics count: labels, masks, weights, examples of many steps.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <kindling/autograd/ops.h>
#include <kindling/train/metrics.h>

#include "tests/tensors.h"

using namespace kindling;

TEST_CASE("What one class doesn't define is NaN") {
  const Tensor p = tensor({0.3, 0.6}), yes = ones({2}), no = zeros({2});
  const auto after = [&](const Metric& metric, const Tensor& y) {
    CHECK(metric.result() == 0);  // nothing seen
    metric.update(y, p, zeros({2}));
    CHECK(metric.result() == 0);
    metric.update(y, p);
    const double result = metric.result();
    metric.reset();
    return result;
  };
  const Metric both[] = {AUC(), SensitivityAtSpecificity({.specificity = 0.5}),
                         SpecificityAtSensitivity({.sensitivity = 0.5})};
  for (const Metric& metric : both) {
    CHECK(std::isnan(after(metric, yes)));
    CHECK(std::isnan(after(metric, no)));
  }
  const Metric positives[] = {AUC({.curve = Curve::PR}), PrecisionAtRecall({.recall = 0.5}),
                              RecallAtPrecision({.precision = 0.5})};
  for (const Metric& metric : positives) {
    CHECK(after(metric, yes) == Approx(1));
    CHECK(std::isnan(after(metric, no)));
  }
  const AUC columns({.multi_label = true});
  columns.update(tensor({{1.0, 1.0}, {0.0, 1.0}}), tensor({{0.9, 0.3}, {0.1, 0.6}}));
  CHECK(std::isnan(columns.result()));
}

TEST_CASE("Labels of classifiers are 0 or 1") {
  const Tensor p = tensor({{0.3, 0.6}});
  for (const std::string& name : metric_registry().names()) {
    Config::Map options;
    const std::size_t at = name.find("At");
    if (at != std::string::npos) options = {{snake_case(name.substr(at + 2)), 0.5}};
    const Metric metric = metric_from_config(name, options);
    const auto message = [&](double label) {
      return message_of([&] { metric.update(tensor({{0.0, label}}), p); });
    };
    CAPTURE(name);
    const std::string end = " at (0, 1) [y_true (1, 2)]";
    const bool counts = name.starts_with("AUC") || name == "BinaryIoU" ||
                        name.find("At") != std::string::npos ||
                        name.find("itives") != std::string::npos ||
                        name.find("atives") != std::string::npos || name.starts_with("F") ||
                        name == "Precision" || name == "Recall" || name == "BinaryAccuracy";
    if (counts) {
      for (const double label : {2.0, -1.0, 0.5}) {
        CHECK(message(label).ends_with(fmt::format(": labels are 0 or 1, got {}", label) + end));
      }
    } else if (name.ends_with("CategoricalAccuracy") && !name.starts_with("Sparse")) {
      CHECK(message(-1).ends_with(": labels are between 0 and 1, got -1" + end));
      CHECK(message(0.9) == "no error");
    }
  }
}

TEST_CASE("Masks count in means, and in no other metric: as in Keras") {
  const Tensor y = tensor({{1.0, 0.0, 1.0}, {0.0, 1.0, 0.0}}).reshaped({2, 3, 1});
  const Tensor p = tensor({{0.9, 0.2, 0.1}, {0.3, 0.4, 0.8}}).reshaped({2, 3, 1});
  const Tensor mask = mask_of({{true, true, false}, {true, true, false}});
  const std::vector<std::string> losses = loss_registry().names();
  for (const Metric& metric :
       {Metric(AUC()), Metric(Precision()), Metric(Recall()), Metric(FalsePositives()),
        Metric(F1Score({.threshold = 0.5})), Metric(PrecisionAtRecall({.recall = 0.5})),
        Metric(R2Score()), Metric(RootMeanSquaredError()), Metric(BinaryAccuracy()),
        Metric(MeanSquaredError()), Metric(BinaryCrossentropy())}) {
    CAPTURE(metric.class_name());
    const auto result = [&](const Tensor& prediction, const Tensor& weight = {}) {
      metric.reset();
      metric.update(y, prediction, weight);
      return metric.result();
    };
    const double all = result(p), some = result(p, cast(mask, DType::float32));
    CHECK(all != some);
    CHECK(result(with_mask(p, mask)) == (metric.impl()->counts_masks() ? some : all));
    CHECK(metric.impl()->counts_masks() ==
          (metric.class_name() == "BinaryAccuracy" ||
           std::ranges::count(losses, metric.class_name()) > 0));
  }
}

TEST_CASE("In means, an example counts once, however many steps it has") {
  const Tensor one = tensor({1.0, 4.0}).reshaped({1, 2, 1});
  const Tensor other = tensor({9.0, 2.0}).reshaped({2, 1, 1});
  const auto zeros_like = [](const Tensor& x) { return zeros(x.shape()); };
  const Metric error = MeanAbsoluteError();
  error.update(zeros_like(one), one);
  error.update(zeros_like(other), other);
  CHECK(error.result() == Approx((2.5 + 9 + 2) / 3));
  error.reset();
  error.update(zeros_like(one), one, tensor({{3.0}}));  // (batch, 1) on (batch, steps)
  error.update(zeros_like(other), other, tensor({{1.0}, {0.0}}));
  CHECK(error.result() == Approx((3 * 2.5 + 9) / 4));
  const Mean mean;
  mean.update({}, one, tensor({3}));
  mean.update({}, other, tensor({{1}, {0}}));
  CHECK(mean.result() == Approx((3 * 2.5 + 9) / 4));
  const Sum sum;
  sum.update({}, one, tensor({{3.0, 1.0}}));
  sum.update({}, other);
  CHECK(sum.result() == Approx(3 + 4 + 9 + 2));
  // Squares of elements, so that a weight of each is taken.
  const RootMeanSquaredError rmse;
  rmse.update(zeros({3}), tensor({1.0, 2.0, 5.0}), tensor({1.0, 1.0, 0.0}));
  CHECK(rmse.result() == Approx(std::sqrt(2.5)));
}

TEST_CASE("A class to ignore is 0 in a metric, left out beside weights: as in Keras") {
  const Metric metric = SparseCategoricalCrossentropy({.ignore_class = 0});
  const Tensor p = tensor({{0.5, 0.25, 0.25}, {0.2, 0.3, 0.5}}), y = tensor({0, 2});
  metric.update(y, p);
  CHECK(metric.result() == Approx(-std::log(0.5) / 2));
  metric.reset();
  metric.update(y, p, ones({2}));
  CHECK(metric.result() == Approx(-std::log(0.5)));
}

TEST_CASE("R2 of truth that never varies, and adjusted by the examples that weigh something") {
  const Tensor flat = full({3, 1}, 2);
  const R2Score r2, weighted({.class_aggregation = ClassAggregation::variance_weighted_average});
  for (const Metric& metric : {Metric(r2), Metric(weighted)}) {
    metric.update(flat, flat);
    CHECK(metric.result() == 1);
    metric.update(flat, flat + 1);
    CHECK(metric.result() == 0);
  }
  const Tensor y = tensor({{1.0}, {2.0}, {4.0}, {9.0}, {5.0}});
  const Tensor p = tensor({{1.5}, {2.0}, {3.0}, {8.0}, {0.0}});
  const Tensor w = tensor({0.5, 2.0, 1.0, 0.25, 0.0});
  r2.reset();
  r2.update(y, p, w);
  const R2Score adjusted({.num_regressors = 1});
  adjusted.update(y, p, w);
  CHECK(adjusted.result() == Approx(1 - (1 - r2.result()) * 3 / 2));  // four examples
}

TEST_CASE("Options of metrics outside their ranges") {
  const auto message = [](const char* name, Config::Map options) {
    return message_of([&] { metric_from_config(name, options); });
  };
  CHECK(message("AUC", {{"num_thresholds", 1}}) ==
        "AUC \"auc\": num_thresholds is in [2, 16777216], got 1");
  CHECK(message("F1Score", {{"threshold", 1.5}}) ==
        "F1Score \"f1_score\": threshold is in (0, 1], got 1.5");
  CHECK(message("FBetaScore", {{"beta", 0.0}}) ==
        "FBetaScore \"fbeta_score\": beta is above 0 and finite, got 0");
  CHECK(message("Precision", {{"class_id", -1}}) ==
        "Precision \"precision\": class_id is at least 0, got -1");
  CHECK(message("Recall", {{"top_k", 0}}) == "Recall \"recall\": top_k is at least 1, got 0");
  CHECK(message("BinaryAccuracy", {{"threshold", static_cast<double>(INFINITY)}}) ==
        "BinaryAccuracy \"binary_accuracy\": threshold is finite, got inf");
  CHECK(message("PearsonCorrelation", {{"axis", 7}}) ==
        "PearsonCorrelation \"pearson_correlation\": axis is in [-6, 6), got 7");
}

TEST_CASE("Predictions that are ids, the most probable first") {
  const SparseTopKCategoricalAccuracy top({.k = 2, .from_sorted_ids = true});
  const Tensor p = tensor({{70, 3, 12}, {5, 9, 70}, {1, 2, 3}});
  top.update(tensor({3, 70, 1}), p);
  CHECK(top.result() == Approx(2.0 / 3));
  top.reset();
  top.update(tensor({{70}, {70}, {7}}), cast(p, DType::float32), tensor({1.0, 3.0, 1.0}));
  CHECK(top.result() == Approx(0.2));
}

TEST_CASE("The area of precision's gain over recall's") {
  // Thresholds below 0, 0.5 and above 1: tp 2, 1, 0 and fp 2, 0, 0.
  const AUC gain({.num_thresholds = 3, .curve = Curve::PRGAIN});
  gain.update(tensor({0.0, 0.0, 1.0, 1.0}), tensor({0.0, 0.5, 0.3, 0.9}));
  // Points (1, 0), (0, 1), (0, 1).
  CHECK(gain.result() == Approx(0.5));
  CHECK(metric_from_config("AUC", gain.config()).config().str() == gain.config().str());
}

namespace {
const Tensor ten_labels = tensor({0, 1, 1, 0, 1, 0, 0, 1, 1, 0});
const Tensor ten_scores = tensor({0.1, 0.35, 0.8, 0.4, 0.5, 0.55, 0.2, 0.9, 0.2, 0.7});
const Tensor ten_weights = tensor({1.0, 2.0, 1.0, 0.5, 1.0, 1.0, 3.0, 1.0, 1.0, 1.0});

double result_of(const Metric& metric, const Tensor& weights = {}) {
  metric.reset();
  metric.update(ten_labels, ten_scores, weights);
  return metric.result();
}
}  // namespace

TEST_CASE("Areas of rectangles below and above a curve, at given thresholds: Keras's numbers") {
  struct Case {
    Curve curve;
    SummationMethod method;
    double given, given_weighted;
  };
  using enum SummationMethod;
  for (const auto& [curve, method, given, given_weighted] :
       {Case{Curve::ROC, interpolation, 0.64, 0.711538434},
        Case{Curve::ROC, minoring, 0.56, 0.641025603},
        Case{Curve::ROC, majoring, 0.72, 0.782051206},
        Case{Curve::PR, interpolation, 0.723220229, 0.726546943},
        Case{Curve::PR, minoring, 0.3, 0.33},
        Case{Curve::PR, majoring, 0.742857158, 0.777777791},
        Case{Curve::PRGAIN, minoring, 0, 0.062721893},
        Case{Curve::PRGAIN, majoring, 0.25, 0.538461566}}) {
    const AUC at({.curve = curve, .summation_method = method,
                  .thresholds = std::vector{0.7, 0.2, 0.5}});
    CAPTURE(at.config().str());
    CHECK(result_of(at) == Approx(given).margin(1e-6));
    CHECK(result_of(at, ten_weights) == Approx(given_weighted).margin(1e-6));
    const Metric again = metric_from_config("AUC", at.config());
    CHECK(again.config().str() == at.config().str());
    CHECK(result_of(again) == result_of(at));
  }
  CHECK(AUC({.thresholds = std::vector{0.5}}).config()["num_thresholds"].str() == "3");
  CHECK(message_of([] { AUC({.thresholds = std::vector{0.5, 1.0}}); }) ==
        "AUC \"auc\": thresholds are in (0, 1), got 1");
  CHECK(message_of([] {
          metric_from_config("AUC", Config::Map{{"summation_method", "simpson"}});
        }) == "AUC \"auc\": summation_method: one of interpolation, minoring, majoring is needed, "
              "got \"simpson\"");
}

TEST_CASE("The overlap of what is predicted and what is true, for each class: Keras's numbers") {
  const auto check = [](std::vector<std::int64_t> ids, double threshold, double plain,
                        double weighted) {
    const BinaryIoU metric({.target_class_ids = std::move(ids), .threshold = threshold});
    CHECK(result_of(metric) == Approx(plain).margin(1e-6));
    CHECK(result_of(metric, ten_weights) == Approx(weighted).margin(1e-6));
  };
  check({0, 1}, 0.5, 0.428571433, 0.424342096);
  check({0, 1}, 0.2, 0.377777785, 0.337792635);  // 0.2 itself is predicted
  check({0}, 0.2, 0.2, 0.153846145);
  check({1}, 0.2, 0.555555522, 0.521739066);
  check({0, 1}, 0.95, 0.25, 0.26);
  const BinaryIoU metric;
  CHECK(metric.result() == 0);
  metric.update(zeros({3}), full({3}, 0.1));
  CHECK(metric.result() == 1);  // class 1 is nowhere
  CHECK(metric.name() == "binary_io_u");
  CHECK(message_of([] { BinaryIoU({.target_class_ids = {2}}); }) ==
        "BinaryIoU \"binary_io_u\": target_class_ids are 0 and 1, got 2");
}

TEST_CASE("A prediction at a threshold is compared as float32, as in Keras") {
  const Tensor y = ones({1}), p = tensor({0.2});
  for (const Metric& metric : {Metric(Precision({.thresholds = 0.2})),
                               Metric(F1Score({.threshold = 0.2}))}) {
    metric.update(y, p);
    CHECK(metric.result() == 0);
  }
}
