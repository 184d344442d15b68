// Metrics of a classifier at many thresholds: the area under a curve, and the best rate of one
// kind where another is high enough. Source: keras.metrics.
//
// Thresholds are evenly spaced over [0, 1], as are predictions; y_true is 0 or 1. Predictions
// between the same two thresholds aren't told apart.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <kindling/train/confusion_metrics.h>

namespace kindling {

class CurveMetricImpl : public MetricImpl {
 public:
  CurveMetricImpl(std::string class_name, std::string name)
      : MetricImpl(std::move(class_name), std::move(name)) {}
  void reset() override;
  void state(Fields& f) override;

 protected:
  void check_thresholds(std::int64_t num_thresholds) const;
  // Counts the elements of one class in, or of all: as one label, or as one a column.
  void count(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight,
             std::int64_t num_thresholds, std::optional<std::int64_t> class_id, bool multi_label);
  // A label's confusions at each threshold, the lowest first; none before anything is counted.
  std::vector<Confusion> confusions(std::int64_t num_thresholds, std::size_t label = 0) const;
  std::size_t buckets() const { return positives_.size(); }

 private:
  std::vector<double> positives_, negatives_;  // weight a bucket between thresholds, a label
};

enum class Curve { ROC, PR };
Config to_config(Curve curve);
void from_config(const Config& config, Curve& curve, const std::string& what);

struct AUCOptions {
  std::int64_t num_thresholds = 200;
  Curve curve = Curve::ROC;
  std::string name = {};
  bool multi_label = false;  // the mean of the areas, one a column, instead of one area of all
  bool from_logits = false;  // predictions are numbers before the sigmoid
};

// The area under the ROC curve, or of precision over recall.
class AUCImpl : public CurveMetricImpl {
 public:
  using Options = AUCOptions;
  explicit AUCImpl(Options o) : CurveMetricImpl("AUC", o.name), options_(o) {}
  void fields(Fields& f) override;
  void check_options() const override { check_thresholds(options_.num_thresholds); }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override;
  double result() const override;

 private:
  Options options_;
};
using AUC = HandleOf<Metric, AUCImpl>;

struct SensitivityAtSpecificityOptions {
  Required<double> specificity;
  std::int64_t num_thresholds = 200;
  std::optional<std::int64_t> class_id = {};
  std::string name = {};
};
struct SpecificityAtSensitivityOptions {
  Required<double> sensitivity;
  std::int64_t num_thresholds = 200;
  std::optional<std::int64_t> class_id = {};
  std::string name = {};
};
struct PrecisionAtRecallOptions {
  Required<double> recall;
  std::int64_t num_thresholds = 200;
  std::optional<std::int64_t> class_id = {};
  std::string name = {};
};
struct RecallAtPrecisionOptions {
  Required<double> precision;
  std::int64_t num_thresholds = 200;
  std::optional<std::int64_t> class_id = {};
  std::string name = {};
};

// The largest `rate` at a threshold where `bound` is at least what the first option asks for; 0
// where there is none.
class BestRateImpl : public CurveMetricImpl {
 public:
  using Rate = double (Confusion::*)() const;
  template <class Options>
  BestRateImpl(std::string class_name, const char* bound_name, Rate rate, Rate bound,
               const Options& options)
      : CurveMetricImpl(std::move(class_name), options.name),
        bound_name_(bound_name),
        rate_(rate),
        bound_(bound) {
    const auto& [least, num_thresholds, class_id, name] = options;
    least_ = least;
    num_thresholds_ = num_thresholds;
    class_id_ = class_id;
  }
  void fields(Fields& f) override;
  void check_options() const override;
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override;
  double result() const override;

 private:
  const char* bound_name_;
  Rate rate_, bound_;
  Required<double> least_ = Unset();
  std::int64_t num_thresholds_;
  std::optional<std::int64_t> class_id_;
};

template <ClassName named, auto rate, ClassName bound_name, auto bound, class O>
class BestRate : public BestRateImpl {
 public:
  using Options = O;
  explicit BestRate(const O& o)
      : BestRateImpl(named.text, bound_name.text, rate, bound, o) {}
};
template <ClassName named, auto rate, ClassName bound_name, auto bound, class Options>
using BestRateOf = HandleOf<Metric, BestRate<named, rate, bound_name, bound, Options>>;

using SensitivityAtSpecificity =
    BestRateOf<"SensitivityAtSpecificity", &Confusion::recall, "specificity",
               &Confusion::specificity, SensitivityAtSpecificityOptions>;
using SpecificityAtSensitivity =
    BestRateOf<"SpecificityAtSensitivity", &Confusion::specificity, "sensitivity",
               &Confusion::recall, SpecificityAtSensitivityOptions>;
using PrecisionAtRecall = BestRateOf<"PrecisionAtRecall", &Confusion::precision, "recall",
                                     &Confusion::recall, PrecisionAtRecallOptions>;
using RecallAtPrecision = BestRateOf<"RecallAtPrecision", &Confusion::recall, "precision",
                                     &Confusion::precision, RecallAtPrecisionOptions>;

}  // namespace kindling
