// The metrics. Source: keras.metrics.
#pragma once

#include <cstdint>
#include <vector>

#include <kindling/train/metric.h>

namespace kindling {

struct BinaryAccuracyOptions {
  double threshold = 0.5;
  std::string name = {};
};

// The fraction of elements where (p > threshold) == y.
class BinaryAccuracyImpl : public MetricImpl {
 public:
  using Options = BinaryAccuracyOptions;
  explicit BinaryAccuracyImpl(Options o) : MetricImpl("BinaryAccuracy", o.name), options_(o) {}
  void fields(Fields& f) override { f("threshold", options_.threshold); }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override;
  double result() const override { return total_ > 0 ? right_ / total_ : 0; }
  void reset() override { right_ = total_ = 0; }

 private:
  Options options_;
  double right_ = 0, total_ = 0;
};
using BinaryAccuracy = HandleOf<Metric, BinaryAccuracyImpl>;

enum class Curve { ROC, PR };
Config to_config(Curve curve);
void from_config(const Config& config, Curve& curve, const std::string& what);

struct AUCOptions {
  std::int64_t num_thresholds = 200;
  Curve curve = Curve::ROC;
  std::string name = {};
};

// The area under the ROC curve (or precision over recall), drawn through evenly spaced thresholds;
// for predictions in [0, 1]. Thresholds a bucket apart tell no two predictions of one bucket apart.
class AUCImpl : public MetricImpl {
 public:
  using Options = AUCOptions;
  explicit AUCImpl(Options o) : MetricImpl("AUC", o.name), options_(o) {}
  void fields(Fields& f) override;
  void check_options() const override;
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override;
  double result() const override;
  void reset() override;

 private:
  Options options_;
  std::vector<double> positives_, negatives_;  // weight a bucket
};
using AUC = HandleOf<Metric, AUCImpl>;

struct PearsonCorrelationOptions {
  std::string name = {};
};

// Pearson's correlation of predictions and truth over all elements. 0 where either never varies.
class PearsonCorrelationImpl : public MetricImpl {
 public:
  using Options = PearsonCorrelationOptions;
  explicit PearsonCorrelationImpl(Options o) : MetricImpl("PearsonCorrelation", o.name) {}
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override;
  double result() const override;
  void reset() override { state_ = State(); }

 private:
  struct State {  // means and sums of products of deviations, updated one element at a time
    double weight = 0, mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
  } state_;
};
using PearsonCorrelation = HandleOf<Metric, PearsonCorrelationImpl>;

struct MeanOptions {
  std::string name = {};
};

// The mean of the predictions; what is logged as "loss".
class MeanImpl : public MetricImpl {
 public:
  using Options = MeanOptions;
  explicit MeanImpl(Options o) : MetricImpl("Mean", o.name) {}
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override;
  double result() const override { return total_ > 0 ? sum_ / total_ : 0; }
  void reset() override { sum_ = total_ = 0; }

 private:
  double sum_ = 0, total_ = 0;
};
using Mean = HandleOf<Metric, MeanImpl>;

}  // namespace kindling
