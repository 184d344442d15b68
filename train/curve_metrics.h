// Metrics of a classifier at many thresholds: the area under a curve, and the best rate of one
// kind where another is high enough. Source: keras.metrics.
//
// Thresholds are evenly spaced over [0, 1], or those that AUC is given, with 0 and 1; predictions
// are in [0, 1], y_true is 0 or 1. Predictions between the same two thresholds aren't told apart. A
// mask of y_pred is not looked at, as in Keras. Where only one class has been seen, though a result
// needs both, it is NaN, where Keras says 0; before anything is seen, it is 0.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <kindling/train/confusion_metrics.h>

#pragma GCC visibility push(default)
namespace kindling {

class CurveMetricImpl : public MetricImpl {
 public:
  // class_id: only this one counts; multi_label: each column is counted apart; between: thresholds
  // other than 0 and 1, if they aren't evenly spaced.
  CurveMetricImpl(std::string class_name, std::string name, std::int64_t num_thresholds,
                  std::optional<std::int64_t> class_id, bool multi_label,
                  std::optional<std::vector<double>> between = {})
      : MetricImpl(std::move(class_name), std::move(name)),
        num_thresholds_(num_thresholds),
        class_id_(class_id),
        multi_label_(multi_label),
        between_(std::move(between)) {
    count_thresholds();
  }
  void check_options() const override;
  Tensor target(const Tensor& y_true, const Tensor& y_pred) const override {
    return aligned_target(who(), y_true, y_pred, Truth::zero_or_one);
  }
  bool counts_masks() const override { return false; }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override;
  void reset() override;
  void state(Fields& f) override;

 protected:
  std::size_t labels() const { return positives_.size() / thresholds(); }
  // A label's confusions at each threshold, the lowest first; none before anything is counted.
  std::vector<Confusion> confusions(std::size_t label = 0) const;
  // Those given, and two more.
  void count_thresholds() {
    if (between_) num_thresholds_ = static_cast<std::int64_t>(between_->size()) + 2;
  }
  // Whether a result of these is undefined because a class it needs has no weight.
  static bool lacks_class(const std::vector<Confusion>& at, bool needs_negatives);

  std::int64_t num_thresholds_;
  std::optional<std::int64_t> class_id_;
  bool multi_label_;
  std::optional<std::vector<double>> between_;

 private:
  std::size_t thresholds() const { return static_cast<std::size_t>(num_thresholds_); }

  std::vector<double> positives_, negatives_;  // weight a bucket between thresholds, a label
};

enum class Curve { ROC, PR, PRGAIN };
Config to_config(Curve curve);
void from_config(const Config& config, Curve& curve, const std::string& what);

// What stands for the curve between two points of it: the straight line (Davis and Goadrich's curve
// for PR), or the lower or the higher of them.
enum class SummationMethod { interpolation, minoring, majoring };
Config to_config(SummationMethod method);
void from_config(const Config& config, SummationMethod& method, const std::string& what);

struct AUCOptions {
  std::int64_t num_thresholds = 200;
  Curve curve = Curve::ROC;
  SummationMethod summation_method = SummationMethod::interpolation;
  std::string name = {};
  std::optional<std::vector<double>> thresholds = {};  // in (0, 1), instead of num_thresholds
  bool multi_label = false;  // the mean of the areas, one a column, instead of one area of all
  bool from_logits = false;  // predictions are numbers before the sigmoid
};

// The area under the ROC curve, or of precision over recall, or of their gains over a classifier
// that always says yes (Flach and Kull, 2015).
class AUCImpl : public CurveMetricImpl {
 public:
  using Options = AUCOptions;
  explicit AUCImpl(const Options& o)
      : CurveMetricImpl("AUC", o.name, o.num_thresholds, {}, o.multi_label, o.thresholds),
        curve_(o.curve),
        method_(o.summation_method),
        from_logits_(o.from_logits) {}
  void fields(Fields& f) override;
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override;
  double result() const override;

 private:
  Curve curve_;
  SummationMethod method_;
  bool from_logits_;
};
using AUC = HandleOf<Metric, AUCImpl>;

struct SensitivityAtSpecificityOptions {
  Required<double, struct SensitivityAtSpecificityOptions_specificity> specificity;
  std::int64_t num_thresholds = 200;
  std::optional<std::int64_t> class_id = {};
  std::string name = {};
};
struct SpecificityAtSensitivityOptions {
  Required<double, struct SpecificityAtSensitivityOptions_sensitivity> sensitivity;
  std::int64_t num_thresholds = 200;
  std::optional<std::int64_t> class_id = {};
  std::string name = {};
};
struct PrecisionAtRecallOptions {
  Required<double, struct PrecisionAtRecallOptions_recall> recall;
  std::int64_t num_thresholds = 200;
  std::optional<std::int64_t> class_id = {};
  std::string name = {};
};
struct RecallAtPrecisionOptions {
  Required<double, struct RecallAtPrecisionOptions_precision> precision;
  std::int64_t num_thresholds = 200;
  std::optional<std::int64_t> class_id = {};
  std::string name = {};
};

// The largest `rate` at a threshold where `bound` is at least what the first option asks for; 0
// where there is none. Those of precision and recall need positives, the others both classes.
class BestRateImpl : public CurveMetricImpl {
 public:
  using Rate = double (Confusion::*)() const;
  template <class Options>
  BestRateImpl(std::string class_name, const Options& o, Rate rate, const char* bound_name,
               Rate bound, const Required<double>& least)
      : CurveMetricImpl(std::move(class_name), o.name, o.num_thresholds, o.class_id, false),
        rate_(rate),
        bound_name_(bound_name),
        bound_(bound),
        least_(least) {}
  void fields(Fields& f) override;
  void check_options() const override;
  double result() const override;

 private:
  Rate rate_;
  const char* bound_name_;
  Rate bound_;
  Required<double> least_;
};

// `least` is a member of the options, which `bound_name` names.
template <ClassName named, auto rate, ClassName bound_name, auto bound, class O, auto least>
class BestRate : public BestRateImpl {
 public:
  using Options = O;
  explicit BestRate(const O& o)
      : BestRateImpl(named.text, o, rate, bound_name.text, bound, o.*least) {}
};

using SensitivityAtSpecificity = HandleOf<
    Metric, BestRate<"SensitivityAtSpecificity", &Confusion::recall, "specificity",
                     &Confusion::specificity, SensitivityAtSpecificityOptions,
                     &SensitivityAtSpecificityOptions::specificity>>;
using SpecificityAtSensitivity = HandleOf<
    Metric, BestRate<"SpecificityAtSensitivity", &Confusion::specificity, "sensitivity",
                     &Confusion::recall, SpecificityAtSensitivityOptions,
                     &SpecificityAtSensitivityOptions::sensitivity>>;
using PrecisionAtRecall =
    HandleOf<Metric, BestRate<"PrecisionAtRecall", &Confusion::precision, "recall",
                              &Confusion::recall, PrecisionAtRecallOptions,
                              &PrecisionAtRecallOptions::recall>>;
using RecallAtPrecision =
    HandleOf<Metric, BestRate<"RecallAtPrecision", &Confusion::recall, "precision",
                              &Confusion::precision, RecallAtPrecisionOptions,
                              &RecallAtPrecisionOptions::precision>>;

}  // namespace kindling
#pragma GCC visibility pop
