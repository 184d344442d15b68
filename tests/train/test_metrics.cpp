// Metrics against their definitions and against values worked out by hand from Keras's rules.
#include <cmath>

#include <kindling/autograd/shaping.h>
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
    if (curve == Curve::ROC) CHECK(std::isnan(auc.result()));
    if (curve == Curve::PR) CHECK(auc.result() == Approx(1));
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
                                       PearsonCorrelation({.over_all = true}),
                                       Metric(BinaryCrossentropy())};
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
    const PearsonCorrelation pearson({.over_all = true});
    pearson.update(y, p, weighted ? w : Tensor());
    CHECK(pearson.result() == Approx(yp / std::sqrt(yy * pp)).epsilon(1e-10));
  }
  const PearsonCorrelation flat({.over_all = true});
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
        "AUC \"auc\": sample_weight broadcasts to a value an example "
        "[sample_weight (3,), values (4,)]");
  CHECK(message_of([] { AUC({.num_thresholds = 1}); }) ==
        "AUC \"auc\": num_thresholds is in [2, 16777216], got 1");
}

TEST_CASE("A metric comes back from its config") {
  const AUC auc({.num_thresholds = 50, .curve = Curve::PR, .name = "area"});
  const Metric again = metric_from_config("AUC", auc.config());
  CHECK(again.config().str() == auc.config().str());
  CHECK(again.name() == "area");
  CHECK(again.config()["curve"].str() == "\"PR\"");
  CHECK(metric_from_config("MeanSquaredError", Config::Map{}).name() == "mean_squared_error");
  CHECK(message_of([] { metric_from_config("AUC", Config::Map{{"curve", "ROCK"}}); }) ==
        "AUC \"auc\": curve: one of ROC, PR, PRGAIN is needed, got \"ROCK\"");
  CHECK(message_of([] { metric_from_config("F1", Config::Map{}); })
            .starts_with("metric: no class \"F1\" is registered; register_metric<F1>() adds one of "
                         "your own [registered: AUC, Accuracy, "));
  CHECK(message_of([] { metric_from_config("PrecisionAtRecall", Config::Map{}); }) ==
        "PrecisionAtRecall \"precision_at_recall\": the option \"recall\" is required");
  CHECK(FBetaScore().name() == "fbeta_score");
  CHECK(F1Score().name() == "f1_score");
  CHECK(metric_from_config("LogCoshError", Config::Map{}).name() == "logcosh");
}

TEST_CASE("Every metric comes back from its config, and goes on from its state to the same bits") {
  const Tensor y = cast(coins({12, 6}, 1), DType::float32), w = uniforms({12}, 4, 0, 1);
  const Tensor ids = random_ids({12}, 3, 6);
  Tensor p = uniforms({12, 6}, 2, 0, 1);
  p.mutable_floats()[0] = y.floats()[0];  // so that Accuracy and its sparse form aren't 0
  p.mutable_floats()[6 + static_cast<std::size_t>(ids.ints()[1])] = 1;
  std::vector<std::string> names = metric_registry().names();
  for (const std::string& loss : loss_registry().names()) names.push_back(loss);
  for (const std::string& name : names) {
    for (const bool over_all : {false, true}) {
      if (over_all && !name.ends_with("Correlation")) continue;
      CAPTURE(name, over_all);
      const Tensor& truth = name.starts_with("Sparse") ? ids : y;
      Config::Map options;
      const std::size_t at = name.find("At");
      if (at != std::string::npos) options = {{snake_case(name.substr(at + 2)), 0.5}};
      if (over_all) options = {{"over_all", true}};
      if (name == "Dice" || name == "Tversky") options = {{"axis", -1}};
      const Metric one = metric_from_config(name, options);
      const auto fresh = [&] { return metric_from_config(name, one.config()); };
      CHECK(fresh().config().str() == one.config().str());
      const auto update = [&](const Metric& metric, std::int64_t from, std::int64_t to) {
        metric.update(slice(truth, 0, from, to), slice(p, 0, from, to), slice(w, 0, from, to));
      };
      update(one, 0, 7);
      Config state{Config::Map()};
      Fields write(state);
      one.impl()->state(write);
      const Metric two = fresh();
      update(two, 3, 5);  // which is forgotten
      Fields read(state, "state");
      two.impl()->state(read);
      CHECK(two.result() == one.result());
      for (const Metric& metric : {one, two}) update(metric, 7, 12);
      CHECK(two.result() == one.result());
      CHECK(one.result() != 0);
      one.reset();
      update(one, 0, 7);
      update(one, 7, 12);
      CHECK(two.result() == one.result());
    }
  }
}

TEST_CASE("Candidates of queries are ranked a row each, or in one list with ids") {
  // Relevant at ranks 1 and 3; at rank 2 of a tie; nowhere; and, of two candidates, last.
  const Tensor y = tensor({{1.0, 0.0, 1.0}, {0.0, 1.0, 0.0}, {0.0, 0.0, 0.0}, {1.0, 0.0, 1.0}});
  const Tensor p = tensor({{0.9, 0.8, 0.7}, {0.5, 0.5, 0.1}, {0.1, 0.2, 0.3}, {0.1, 0.2, 0.3}});
  const Tensor keep = mask_of({{true, true, true}, {true, true, true}, {true, true, true},
                               {true, true, false}});
  const MeanReciprocalRank mrr;
  const MeanAveragePrecision map;
  mrr.update(y, with_mask(p, keep));
  map.update(y, p, cast(keep, DType::float32));
  CHECK(mrr.result() == Approx((1 + 0.5 + 0.5) / 3));
  CHECK(map.result() == Approx(((1 + 2.0 / 3) / 2 + 0.5 + 0.5) / 3));
  mrr.reset();
  mrr.update_groups(tensor({1.0, 0.0, 0.0}), tensor({0.9, 0.8, 0.5}), tensor({7, 7, 3}));
  mrr.update_groups(tensor({1.0, 1.0, 0.0}), tensor({0.7, 0.5, 0.1}), tensor({7, 3, 3}));
  CHECK(mrr.result() == Approx(0.75));
  CHECK(message_of([&] { mrr.update_groups(zeros({2}), zeros({2}), zeros({2})); }) ==
        "MeanReciprocalRank \"mean_reciprocal_rank\": groups are int32, one a prediction, got "
        "float32 (2,) [y_pred (2,)]");
  CHECK(message_of([&] { mrr.update(zeros({2, 1}), zeros({2, 1})); }) ==
        "MeanReciprocalRank \"mean_reciprocal_rank\": a row has the candidates of a query, one "
        "can't be ranked; update_groups takes them in one list [y_pred (2, 1)]");
  CHECK(message_of([&] { mrr.update(zeros({1, 2}), full({1, 2}, NAN)); }) ==
        "MeanReciprocalRank \"mean_reciprocal_rank\": a prediction that is NaN has no rank");
}

TEST_CASE("Cosine similarity is a loss to make small, and a metric to make large") {
  const Tensor y = tensor({{3.0, 4.0}}), p = tensor({{6.0, 8.0}});
  CHECK(static_cast<double>(CosineSimilarity()(y, p).item()) == Approx(-1));
  for (const Metric& metric : {Metric(CosineSimilarity()),
                               metric_from_config("CosineSimilarity", Config::Map{})}) {
    metric.update(y, p);
    CHECK(metric.result() == Approx(1));
  }
}

TEST_CASE("Metrics say what they can't count") {
  const PearsonCorrelation pearson;
  CHECK(message_of([&] { pearson.update(zeros({3, 1}), zeros({3, 1})); }) ==
        "PearsonCorrelation \"pearson_correlation\": rows of one number have no correlation; "
        ".over_all = true correlates the elements of all batches [y_pred (3, 1), axis -1]");
  CHECK(message_of([] { Recall({.class_id = 3}).update(zeros({2, 3}), zeros({2, 3})); }) ==
        "Recall \"recall\": class_id 3 is outside [0, 3) [y_pred (2, 3)]");
  CHECK(message_of([] { Precision({.thresholds = 2}); }) ==
        "Precision \"precision\": thresholds is in [0, 1], got 2");
  CHECK(message_of([] { TopKCategoricalAccuracy({.k = 0}); }) ==
        "TopKCategoricalAccuracy \"top_k_categorical_accuracy\": k is at least 1, got 0");
  const AUC auc({.multi_label = true});
  auc.update(zeros({2, 3}), zeros({2, 3}));
  CHECK(message_of([&] { auc.update(zeros({2, 2}), zeros({2, 2})); }) ==
        "AUC \"auc\": y_pred has 2 labels, before it had 3");
}
