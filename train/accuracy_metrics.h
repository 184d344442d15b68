// How often a classifier is right, and plain means and sums. Source: keras.metrics.
//
// y_true has the shape of y_pred, but for the sparse ones: class ids, int32 or float32, without
// the last axis or with size 1 there.
#pragma once

#include <cstdint>

#include <kindling/train/losses.h>
#include <kindling/train/metric.h>

#pragma GCC visibility push(default)
namespace kindling {

struct BinaryAccuracyOptions {
  double threshold = 0.5;
  std::string name = {};
  void fields(Fields& f) { f("threshold", threshold); }
  void check(const std::string& who) const;
};
struct SparseCategoricalAccuracyOptions {
  std::string name = {};
  Tensor target(const std::string& who, const Tensor& y_true, const Tensor& y_pred) const {
    return class_ids(who, y_true, y_pred);
  }
};
struct TopKCategoricalAccuracyOptions {
  std::int64_t k = 5;
  std::string name = {};
  void fields(Fields& f) { f("k", k); }
  void check(const std::string& who) const;
};
struct SparseTopKCategoricalAccuracyOptions {
  std::int64_t k = 5;
  std::string name = {};
  bool from_sorted_ids = false;  // predictions are ids of classes, the most probable first
  void fields(Fields& f);
  void check(const std::string& who) const { TopKCategoricalAccuracyOptions{k}.check(who); }
  Tensor target(const std::string& who, const Tensor& y_true, const Tensor& y_pred) const;
};
struct MeanOptions {
  std::string name = {};
  // Only predictions are looked at.
  Tensor target(const std::string&, const Tensor&, const Tensor&) const { return {}; }
};
struct LogCoshErrorOptions {
  std::string name = "logcosh";
};

namespace formula {
Tensor accuracy(const Tensor& y, const Tensor& p);
Tensor binary_accuracy(const Tensor& y, const Tensor& p, const BinaryAccuracyOptions& options);
Tensor categorical_accuracy(const Tensor& y, const Tensor& p);
Tensor sparse_categorical_accuracy(const Tensor& ids, const Tensor& p);
Tensor top_k_categorical_accuracy(const Tensor& y, const Tensor& p,
                                  const TopKCategoricalAccuracyOptions& options);
Tensor sparse_top_k_categorical_accuracy(const Tensor& ids, const Tensor& p,
                                         const SparseTopKCategoricalAccuracyOptions& options);
inline Tensor prediction(const Tensor&, const Tensor& p) { return p; }
}  // namespace formula

// The fraction of elements where p == y.
using Accuracy = MetricOf<"Accuracy", formula::accuracy>;
// The fraction of elements where (p > threshold) == y, which is 0 or 1.
using BinaryAccuracy = MetricOf<"BinaryAccuracy", formula::binary_accuracy, BinaryAccuracyOptions,
                                Truth::zero_or_one>;
// The fraction of rows whose largest p is where the largest y is.
using CategoricalAccuracy = MetricOf<"CategoricalAccuracy", formula::categorical_accuracy,
                                     MetricOptions, Truth::between_0_and_1>;
// The same of class ids.
using SparseCategoricalAccuracy =
    MetricOf<"SparseCategoricalAccuracy", formula::sparse_categorical_accuracy,
             SparseCategoricalAccuracyOptions>;
// The fraction of rows where fewer than k classes have a larger p than the true one.
using TopKCategoricalAccuracy =
    MetricOf<"TopKCategoricalAccuracy", formula::top_k_categorical_accuracy,
             TopKCategoricalAccuracyOptions, Truth::between_0_and_1>;
using SparseTopKCategoricalAccuracy =
    MetricOf<"SparseTopKCategoricalAccuracy", formula::sparse_top_k_categorical_accuracy,
             SparseTopKCategoricalAccuracyOptions>;

// The mean of the predictions; what is logged as "loss".
using Mean = MetricOf<"Mean", formula::prediction, MeanOptions>;

// Their sum.
class SumImpl : public Formula<MeanMetricImpl, "Sum", formula::prediction, MeanOptions> {
 public:
  using Formula::Formula;
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override;
  double result() const override { return total_; }
};
using Sum = HandleOf<Metric, SumImpl>;

// The loss LogCosh under the metric's name.
using LogCoshError = MetricOf<"LogCoshError", formula::log_cosh, LogCoshErrorOptions>;

}  // namespace kindling
#pragma GCC visibility pop
