// Metric: how good predictions are, over all the batches since reset().
//
//   AUC auc;
//   auc.update(y_true, y_pred);
//   double area = auc.result();
//
// A metric of your own that is a mean of values is a formula with a name:
//
//   Tensor within_one(const Tensor& y_true, const Tensor& y_pred) {
//     return cast(less_equal(abs(y_pred - y_true), 1), DType::float32);
//   }
//   using WithinOne = MetricOf<"WithinOne", within_one>;
//
// Source: keras.metrics.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>

#include <kindling/layers/configurable.h>
#include <kindling/tensor/tensor.h>
#include <kindling/train/loss.h>

#pragma GCC visibility push(default)
namespace kindling {

class MetricImpl : public Configurable {
 public:
  using Configurable::Configurable;
  // The truth as update() is given it: by default as float32 in the shape of y_pred.
  virtual Tensor target(const Tensor& y_true, const Tensor& y_pred) const {
    return aligned_target(who(), y_true, y_pred);
  }
  // The axis that values are over, of y_pred.
  virtual std::int64_t value_axis() const { return -1; }
  // Whether what a mask of y_pred leaves out weighs 0. As in Keras, it does in metrics that are a
  // mean of values; those that count something else look at all steps.
  virtual bool counts_masks() const { return true; }
  // weight is undefined or a sample weight; see aligned_weight().
  virtual void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) = 0;
  virtual double result() const = 0;
  virtual void reset() = 0;
};

// The weighted mean of values. As in Keras, an example counts once, with the mean over its steps.
class MeanMetricImpl : public MetricImpl {
 public:
  template <class Options>
  MeanMetricImpl(std::string class_name, const Options& options)
      : MetricImpl(std::move(class_name), options.name) {}
  // A value an example, or an element.
  virtual Tensor values(const Tensor& y_true, const Tensor& y_pred) const = 0;
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) override;
  double result() const override { return count_ != 0 ? total_ / count_ : 0; }
  void reset() override { total_ = count_ = 0; }
  void state(Fields& f) override {
    f("total", total_);
    f("count", count_);
  }

 protected:
  double total_ = 0, count_ = 0;
};

class Metric {
 public:
  // Of an object of a class that can be copied: each model has a copy of its own.
  template <std::derived_from<MetricImpl> Impl>
  explicit Metric(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {
    if constexpr (std::copy_constructible<Impl>) {
      copy_ = [](const MetricImpl& from) -> std::shared_ptr<MetricImpl> {
        return std::make_shared<Impl>(static_cast<const Impl&>(from));
      };
    }
  }
  // A loss as a metric: its mean over the examples.
  Metric(const Loss& loss);

  // Shapes as for a Loss. sample_weight is a number an example or an element; where it is 0, the
  // truth isn't looked at. What a mask of y_pred leaves out doesn't count in means; in others, such
  // as AUC, Precision, the F scores, R2Score and RootMeanSquaredError, it does, as in Keras.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {}) const;
  double result() const { return impl()->result(); }
  void reset() const { impl()->reset(); }
  // A metric with the same options that has counted nothing yet.
  Metric fresh() const;
  const std::string& name() const { return impl()->name(); }
  const std::string& class_name() const { return impl()->class_name(); }
  Config config() const { return impl()->config(); }
  const std::shared_ptr<MetricImpl>& impl() const { return detail::held(impl_, "metric"); }

 private:
  std::shared_ptr<MetricImpl> impl_;
  std::shared_ptr<MetricImpl> (*copy_)(const MetricImpl& from) = nullptr;
};

struct MetricOptions {
  std::string name = {};
};
template <ClassName class_name, auto formula, class Options = MetricOptions,
          Truth truth = Truth::finite>
using MetricOf = HandleOf<Metric, Formula<MeanMetricImpl, class_name, formula, Options, truth>>;

// A class of metrics, or of losses, by name.
Metric metric_from_config(const std::string& class_name, const Config& config);
Registry<Metric>& metric_registry();
template <class M>
void register_metric() {  // one of your own
  metric_registry().add<M>();
}

}  // namespace kindling
#pragma GCC visibility pop
