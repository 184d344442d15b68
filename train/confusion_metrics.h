// What a classifier confuses: precision, recall, their mean F, the overlap of what is predicted and
// what is true (IoU), and the counts behind them.
// Source: keras.metrics.
//
// y_true is 0 or 1, in the shape of y_pred (..., classes); counts are sums of weights. A mask of
// y_pred is not looked at, as in Keras.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <kindling/train/metric.h>

#pragma GCC visibility push(default)
namespace kindling {

struct Confusion {
  double true_positives = 0, false_positives = 0, true_negatives = 0, false_negatives = 0;

  double precision() const { return part(true_positives, false_positives); }
  double recall() const { return part(true_positives, false_negatives); }
  double specificity() const { return part(true_negatives, false_positives); }
  void state(Fields& f);

 private:
  static double part(double a, double b) { return a + b != 0 ? a / (a + b) : 0; }
};

struct ConfusionOptions {
  std::optional<double> thresholds = {};  // predicted is p > it; one, by default 0.5, and with
                                          // top_k none
  std::optional<std::int64_t> top_k = {};     // predicted are at most the k largest of a row
  std::optional<std::int64_t> class_id = {};  // only this class counts
  std::string name = {};
};

class ConfusionMetricImpl : public MetricImpl {
 public:
  ConfusionMetricImpl(std::string class_name, ConfusionOptions o)
      : MetricImpl(std::move(class_name), o.name), options_(std::move(o)) {}
  void fields(Fields& f) override;
  void check_options() const override;
  Tensor target(const Tensor& y_true, const Tensor& y_pred) const override {
    return aligned_target(who(), y_true, y_pred, Truth::zero_or_one);
  }
  bool counts_masks() const override { return false; }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override;
  void reset() override { confusion_ = {}; }
  void state(Fields& f) override { confusion_.state(f); }

 protected:
  Confusion confusion_;

 private:
  virtual bool is_positive(double p) const;
  ConfusionOptions options_;
};

// `rate` is a member of Confusion.
template <ClassName named, auto rate>
class ConfusionMetric : public ConfusionMetricImpl {
 public:
  using Options = ConfusionOptions;
  explicit ConfusionMetric(Options o) : ConfusionMetricImpl(named.text, std::move(o)) {}
  double result() const override { return std::invoke(rate, confusion_); }
};
template <ClassName named, auto rate>
using ConfusionMetricOf = HandleOf<Metric, ConfusionMetric<named, rate>>;

using Precision = ConfusionMetricOf<"Precision", &Confusion::precision>;
using Recall = ConfusionMetricOf<"Recall", &Confusion::recall>;
using TruePositives = ConfusionMetricOf<"TruePositives", &Confusion::true_positives>;
using FalsePositives = ConfusionMetricOf<"FalsePositives", &Confusion::false_positives>;
using TrueNegatives = ConfusionMetricOf<"TrueNegatives", &Confusion::true_negatives>;
using FalseNegatives = ConfusionMetricOf<"FalseNegatives", &Confusion::false_negatives>;

struct BinaryIoUOptions {
  std::vector<std::int64_t> target_class_ids = {0, 1};
  double threshold = 0.5;  // predicted is p >= it
  std::string name = {};
};

// The mean over classes of the intersection of what is predicted and what is true over their union;
// classes without either don't count. Weights count as they are; Keras makes them whole.
class BinaryIoUImpl : public ConfusionMetricImpl {
 public:
  using Options = BinaryIoUOptions;
  explicit BinaryIoUImpl(Options o)
      : ConfusionMetricImpl("BinaryIoU", {.name = o.name}), options_(std::move(o)) {}
  void fields(Fields& f) override;
  void check_options() const override;
  double result() const override;

 private:
  bool is_positive(double p) const override {
    return p >= static_cast<double>(static_cast<float>(options_.threshold));
  }
  Options options_;
};
using BinaryIoU = HandleOf<Metric, BinaryIoUImpl>;

enum class ClassAverage {
  macro,     // of the classes
  micro,     // of all decisions, whatever their class
  weighted,  // of the classes, each by its weight of positives
};
Config to_config(ClassAverage average);
void from_config(const Config& config, ClassAverage& average, const std::string& what);

// Keras's default average, none, gives a number a class; here a metric is one number.
struct FBetaScoreOptions {
  ClassAverage average = ClassAverage::macro;
  double beta = 1;
  std::optional<double> threshold = {};  // predicted is p > it; without, the largest p of a row
  std::string name = "fbeta_score";
};
struct F1ScoreOptions {
  ClassAverage average = ClassAverage::macro;
  std::optional<double> threshold = {};
  std::string name = {};
};

// (1 + beta^2) precision recall / (beta^2 precision + recall)
class FBetaScoreImpl : public MetricImpl {
 public:
  using Options = FBetaScoreOptions;
  explicit FBetaScoreImpl(Options o, std::string class_name = "FBetaScore")
      : MetricImpl(std::move(class_name), o.name), options_(std::move(o)) {}
  void fields(Fields& f) override;
  void check_options() const override;
  Tensor target(const Tensor& y_true, const Tensor& y_pred) const override {
    return aligned_target(who(), y_true, y_pred, Truth::zero_or_one);
  }
  bool counts_masks() const override { return false; }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override;
  double result() const override;
  void reset() override;
  void state(Fields& f) override;

 private:
  Options options_;
  std::vector<double> hits_, predicted_, positives_;  // weights a class
};
using FBetaScore = HandleOf<Metric, FBetaScoreImpl>;

// FBetaScore of beta 1.
class F1ScoreImpl : public FBetaScoreImpl {
 public:
  using Options = F1ScoreOptions;
  explicit F1ScoreImpl(Options o)
      : FBetaScoreImpl({o.average, 1, o.threshold, o.name}, "F1Score") {}
};
using F1Score = HandleOf<Metric, F1ScoreImpl>;

}  // namespace kindling
#pragma GCC visibility pop
