// Metrics of a regressor: errors, the variance that is explained, correlations.
// Source: keras.metrics; SpearmanCorrelation is scipy.stats.spearmanr.
#pragma once

#include <cstdint>
#include <vector>

#include <kindling/train/losses.h>
#include <kindling/train/metric.h>

#pragma GCC visibility push(default)
namespace kindling {

namespace formula {
Tensor squared_error(const Tensor& y, const Tensor& p);  // of each element
}  // namespace formula

// The square root of the mean squared error. A mask of y_pred is not looked at, as in Keras.
class RootMeanSquaredErrorImpl
    : public Formula<MeanMetricImpl, "RootMeanSquaredError", formula::squared_error,
                     MetricOptions> {
 public:
  using Formula::Formula;
  bool counts_masks() const override { return false; }
  double result() const override;
};
using RootMeanSquaredError = HandleOf<Metric, RootMeanSquaredErrorImpl>;

// Of weighted pairs (x, y), a number a column: the means and the sums of products of deviations,
// updated pair by pair, so that values far from 0 lose nothing.
struct Moments {
  std::vector<double> weight, mean_x, mean_y, xx, yy, xy;

  void add(std::size_t column, double x, double y, double w);
  void resize(std::size_t columns);
  void state(Fields& f);

  // Of the first column. Pearson's, 0 where either never varies; Lin's concordance,
  // 2 cov / (var x + var y + (mean x - mean y)^2).
  double correlation() const;
  double concordance() const;
};

enum class ClassAggregation { uniform_average, variance_weighted_average };
Config to_config(ClassAggregation aggregation);
void from_config(const Config& config, ClassAggregation& aggregation, const std::string& what);

struct R2ScoreOptions {
  ClassAggregation class_aggregation = ClassAggregation::uniform_average;  // of the columns
  // If above 0, the score is adjusted for their number, and that of examples with a weight.
  std::int64_t num_regressors = 0;
  std::string name = {};
};

// 1 - sum((y - p)^2) / sum((y - mean(y))^2), a column. Where the truth never varies, 1 if it was
// met, else 0. A mask of y_pred is not looked at, as in Keras.
class R2ScoreImpl : public MetricImpl {
 public:
  using Options = R2ScoreOptions;
  explicit R2ScoreImpl(Options o) : MetricImpl("R2Score", o.name), options_(std::move(o)) {}
  void fields(Fields& f) override;
  void check_options() const override;
  bool counts_masks() const override { return false; }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override;
  double result() const override;
  void reset() override;
  void state(Fields& f) override;

 private:
  Options options_;
  Moments moments_;                // of the truth
  std::vector<double> residuals_;  // sum((y - p)^2)
  double examples_ = 0;            // with a weight
};
using R2Score = HandleOf<Metric, R2ScoreImpl>;

// By default, as in Keras, the mean of the correlations of the rows along an axis. With over_all,
// the correlation of all elements of all batches: what a regressor of one number is judged by.
struct CorrelationOptions {
  int axis = -1;
  bool over_all = false;  // axis is not looked at
  std::string name = {};
};

// A weight an example weighs its row, a weight an element (or a mask) the elements of a row.
class CorrelationImpl : public MetricImpl {
 public:
  using Rule = double (Moments::*)() const;
  CorrelationImpl(std::string class_name, CorrelationOptions o, Rule rule, bool ranked)
      : MetricImpl(std::move(class_name), o.name),
        options_(std::move(o)),
        rule_(rule),
        ranked_(ranked) {}
  void fields(Fields& f) override;
  void check_options() const override { check_axis(who(), options_.axis); }
  std::int64_t value_axis() const override { return options_.over_all ? -1 : options_.axis; }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override;
  double result() const override;
  void reset() override;
  void state(Fields& f) override;

 private:
  double correlation(std::vector<double> y, std::vector<double> p,
                     const std::vector<double>& w) const;

  CorrelationOptions options_;
  Rule rule_;
  bool ranked_;
  double total_ = 0, count_ = 0;   // rows
  Moments all_;                    // over all
  std::vector<double> y_, p_, w_;  // over all, to be ranked
};

template <ClassName named, auto rule, bool ranked = false>
class Correlation : public CorrelationImpl {
 public:
  using Options = CorrelationOptions;
  explicit Correlation(Options o)
      : CorrelationImpl(named.text, std::move(o), rule, ranked) {}
};

using PearsonCorrelation =
    HandleOf<Metric, Correlation<"PearsonCorrelation", &Moments::correlation>>;
using ConcordanceCorrelation =
    HandleOf<Metric, Correlation<"ConcordanceCorrelation", &Moments::concordance>>;
// Pearson's correlation of the ranks; equal numbers share the mean of their ranks. Over all, it
// keeps every pair.
using SpearmanCorrelation =
    HandleOf<Metric, Correlation<"SpearmanCorrelation", &Moments::correlation, true>>;

}  // namespace kindling
#pragma GCC visibility pop
