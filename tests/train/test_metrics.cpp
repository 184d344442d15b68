// Metrics against their definitions and against values worked out by hand from Keras's rules.
#include <cmath>

#include <kindling/tensor/random.h>
#include <kindling/train/losses.h>
#include <kindling/train/metrics.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

struct Points {
  Tensor y, p, w;
};

// Predictions that lean towards the truth.
Points some_points(std::int64_t n) {
  Points points{Tensor::empty({n}), Tensor::empty({n}), Tensor::empty({n})};
  Generator generator(4);
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    const bool positive = generator.below(3) == 0;
    const double p = positive ? std::sqrt(generator.uniform()) : generator.uniform();
    points.y.mutable_floats()[i] = positive ? 1 : 0;
    points.p.mutable_floats()[i] = static_cast<float>(p);
    points.w.mutable_floats()[i] = static_cast<float>(generator.uniform());
  }
  return points;
}

// How probably a positive stands above a negative, a tie counted half, and by how much buckets may
// change that: half the weight of pairs that share one.
struct Rank {
  double area = 0, resolution = 0;
};
Rank rank_statistic(const Points& points, double last, bool weighted) {
  const std::vector<double> y = numbers(points.y), p = numbers(points.p), w = numbers(points.w);
  Rank rank;
  double pairs = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (std::size_t j = 0; y[i] == 1 && j < y.size(); ++j) {
      if (y[j] == 1) continue;
      const double weight = weighted ? w[i] * w[j] : 1;
      pairs += weight;
      rank.area += p[i] > p[j] ? weight : p[i] == p[j] ? weight / 2 : 0;
      if (std::ceil(p[i] * last) == std::ceil(p[j] * last)) rank.resolution += weight / 2;
    }
  }
  return {rank.area / pairs, rank.resolution / pairs};
}

}  // namespace

TEST_CASE("The area under the ROC curve is the rank statistic, as far as buckets tell") {
  const Points points = some_points(3000);
  for (const std::int64_t thresholds : {std::int64_t{20}, std::int64_t{200}, std::int64_t{5000}}) {
    for (const bool weighted : {false, true}) {
      CAPTURE(thresholds, weighted);
      const Rank exact = rank_statistic(points, static_cast<double>(thresholds - 1), weighted);
      const AUC auc({.num_thresholds = thresholds});
      auc.update(points.y, points.p, weighted ? points.w : Tensor());
      CHECK(std::abs(auc.result() - exact.area) <= exact.resolution + 1e-12);
      CHECK(exact.resolution < 0.55 / static_cast<double>(thresholds));
      CHECK(auc.result() > 0.6);
    }
  }
  // In buckets from the start, nothing is lost.
  Points coarse = points;
  coarse.p = points.p.clone();
  for (float& p : coarse.p.mutable_floats()) p = std::ceil(p * 64) / 64;
  const AUC auc({.num_thresholds = 65});
  auc.update(coarse.y, coarse.p);
  CHECK(auc.result() == Approx(rank_statistic(coarse, 64, false).area).epsilon(1e-12));
}

TEST_CASE("Areas worked out by hand from Keras's rules") {
  // Thresholds below 0, 0.5 and above 1: tp 2, 1, 0 and fp 2, 0, 0.
  const Tensor y = tensor({0.0, 0.0, 1.0, 1.0}), p = tensor({0.0, 0.5, 0.3, 0.9});
  const AUC roc({.num_thresholds = 3});
  roc.update(y, p);
  CHECK(roc.result() == Approx(0.75));
  roc.reset();
  CHECK(roc.result() == 0);
  roc.update(y, p, tensor({1.0, 0.0, 0.0, 1.0}));
  CHECK(roc.result() == Approx(1));

  const AUC pr({.num_thresholds = 3, .curve = Curve::PR});
  pr.update(y, p);
  CHECK(pr.result() == Approx(0.5 + (1 + std::log(4.0) * 2 / 3) / 6));
  pr.reset();
  pr.update(y, p, tensor({1.0, 0.0, 0.0, 1.0}));
  CHECK(pr.result() == Approx(1));
}

TEST_CASE("Areas at the ends") {
  const AUC roc, pr({.curve = Curve::PR});
  for (const Curve curve : {Curve::ROC, Curve::PR}) {
    const AUC& auc = curve == Curve::ROC ? roc : pr;
    CHECK(auc.result() == 0);  // nothing seen
    auc.update(tensor({1.0, 0.0}), tensor({1.0, 0.0}));
    CHECK(auc.result() == Approx(1));
    auc.reset();
    auc.update(tensor({1.0, 1.0}), tensor({0.3, 0.6}));  // no negative
    CHECK(auc.result() == Approx(curve == Curve::ROC ? 0 : 1));
  }
  roc.reset();
  roc.update(tensor({1.0, 0.0}), tensor({0.0, 1.0}));
  CHECK(roc.result() == Approx(0));
  roc.reset();
  roc.update(tensor({1.0, 0.0, 1.0, 0.0}), full({4}, 0.5f));
  CHECK(roc.result() == Approx(0.5));
}

TEST_CASE("A metric goes on over batches until it is reset") {
  const Points points = some_points(100);
  const std::vector<Metric> metrics = {AUC(), AUC({.curve = Curve::PR}), BinaryAccuracy(), Mean(),
                                       PearsonCorrelation(), Metric(BinaryCrossentropy())};
  const auto rows = [](const Tensor& x, std::size_t from, std::size_t count) {
    return tensor(x.floats().subspan(from, count), {static_cast<std::int64_t>(count), 1});
  };
  for (const Metric& metric : metrics) {
    CAPTURE(metric.class_name());
    for (const bool weighted : {false, true}) {
      const auto update = [&](std::size_t from, std::size_t count) {
        metric.update(rows(points.y, from, count), rows(points.p, from, count),
                      weighted ? rows(points.w, from, count) : Tensor());
      };
      metric.reset();
      update(0, 100);
      const double whole = metric.result();
      metric.reset();
      update(0, 30);
      CHECK(metric.result() != whole);
      update(30, 1);
      update(31, 69);
      CHECK(metric.result() == Approx(whole).epsilon(1e-12));
    }
  }
}

TEST_CASE("Binary accuracy") {
  const BinaryAccuracy accuracy;
  CHECK(accuracy.result() == 0);
  // The threshold itself counts as no.
  accuracy.update(tensor({1.0, 0.0, 0.0, 1.0}), tensor({0.9, 0.5, 0.6, 0.4}));
  CHECK(accuracy.result() == 0.5);
  accuracy.reset();
  accuracy.update(tensor({1, 0, 0, 1}), tensor({0.9, 0.5, 0.6, 0.4}).reshaped({4, 1}),
                  tensor({1.0, 0.0, 0.5, 0.5}));
  CHECK(accuracy.result() == 0.5);
  const BinaryAccuracy strict({.threshold = 0.75});
  strict.update(tensor({{1.0, 0.0}}), tensor({{0.7, 0.7}}));
  CHECK(strict.result() == 0.5);
}

TEST_CASE("Pearson's correlation, also far from 0") {
  const Tensor y = normals({500}, 1), noise = normals({500}, 2);
  const auto p = tensor_of({500}, [&](const Index& i) {
    return 1000 + 3 * element(y, i) + element(noise, i);
  });
  const Tensor w = uniforms({500}, 3, 0, 1);
  for (const bool weighted : {false, true}) {
    double n = 0, my = 0, mp = 0, yy = 0, pp = 0, yp = 0;
    const auto each = [&](auto f) {
      for (std::int64_t i = 0; i < 500; ++i) {
        f(element(y, {i}), element(p, {i}), weighted ? element(w, {i}) : 1);
      }
    };
    each([&](double a, double b, double c) { n += c, my += a * c, mp += b * c; });
    my /= n;
    mp /= n;
    each([&](double a, double b, double c) {
      yy += c * (a - my) * (a - my);
      pp += c * (b - mp) * (b - mp);
      yp += c * (a - my) * (b - mp);
    });
    const PearsonCorrelation pearson;
    pearson.update(y, p, weighted ? w : Tensor());
    CHECK(pearson.result() == Approx(yp / std::sqrt(yy * pp)).epsilon(1e-10));
  }
  const PearsonCorrelation flat;
  CHECK(flat.result() == 0);
  flat.update(y, full({500}, 0.3f));
  CHECK(flat.result() == 0);
  flat.reset();
  flat.update(tensor({1.0, 2.0, 3.0}), tensor({-2.0, -4.0, -6.0}));
  CHECK(flat.result() == Approx(-1));
}

TEST_CASE("A loss as a metric is its mean over the examples") {
  const Tensor y = normals({4, 2}, 1), p = normals({4, 2}, 2);
  const Metric metric = MeanSquaredError({.name = "error"});
  CHECK(metric.name() == "error");
  CHECK(metric.class_name() == "MeanSquaredError");
  CHECK(Metric(BinaryCrossentropy()).name() == "binary_crossentropy");
  metric.update(y, p);
  const auto loss = MeanSquaredError();
  CHECK(metric.result() == Approx(static_cast<double>(loss(y, p).item())));
  metric.reset();
  // Divided by the weights' sum, unlike the loss.
  metric.update(y, p, tensor({1.0, 0.0, 0.0, 0.5}));
  const auto none = MeanSquaredError({.reduction = Reduction::none});
  const std::vector<double> each = numbers(none(y, p));
  CHECK(metric.result() == Approx((each[0] + each[3] / 2) / 1.5));
}

TEST_CASE("The mean of predictions, weighted") {
  const Mean mean;
  mean.update(tensor({0.0, 0.0}), tensor({1.0, 4.0}), tensor({2.0, 1.0}));
  CHECK(mean.result() == Approx(2));
}

TEST_CASE("Metrics: what doesn't fit is refused") {
  const AUC auc;
  CHECK(message_of([&] { auc.update(tensor({1.0}), tensor({1.25})); }) ==
        "AUC \"auc\": predictions are in [0, 1], got 1.25");
  CHECK(message_of([&] { auc.update(tensor({1.0}), tensor({-0.1})); }) ==
        "AUC \"auc\": predictions are in [0, 1], got -0.1");
  CHECK(message_of([&] { auc.update(tensor({1.0}), full({1}, NAN)); }) ==
        "AUC \"auc\": predictions are in [0, 1], got nan");
  CHECK(message_of([&] { auc.update(zeros({3}), zeros({4})); }) ==
        "AUC \"auc\": truth and prediction differ in shape [y_true (3,), y_pred (4,)]");
  CHECK(message_of([&] { auc.update(zeros({4}), zeros({4}), zeros({3})); }) ==
        "broadcast_to: shapes don't broadcast, 3 against 4 at axis -1 [a (3,), b (4,)]");
  CHECK(message_of([] { AUC({.num_thresholds = 1}); }) ==
        "AUC \"auc\": num_thresholds is at least 2, got 1");
}

TEST_CASE("A metric comes back from its config") {
  const AUC auc({.num_thresholds = 50, .curve = Curve::PR, .name = "area"});
  const Metric again = metric_from_config("AUC", auc.config());
  CHECK(again.config().str() == R"({"name": "area", "num_thresholds": 50, "curve": "PR"})");
  CHECK(metric_from_config("MeanSquaredError", Config::Map{}).name() == "mean_squared_error");
  CHECK(message_of([] { metric_from_config("AUC", Config::Map{{"curve", "ROCK"}}); }) ==
        "AUC \"auc\": curve: one of ROC, PR is needed, got \"ROCK\"");
  CHECK(message_of([] { metric_from_config("F1", Config::Map{}); }) ==
        "metric: no class \"F1\" is registered; register_metric<F1>() adds one of your own "
        "[registered: AUC, BinaryAccuracy, Mean, PearsonCorrelation]");
}
