// Metric: how good predictions are, over all the batches since reset().
//
//   AUC auc;
//   auc.update(y_true, y_pred);
//   double area = auc.result();
//
// Source: keras.metrics.
#pragma once

#include <memory>
#include <string>

#include <kindling/layers/configurable.h>
#include <kindling/tensor/tensor.h>
#include <kindling/train/loss.h>

namespace kindling {

class MetricImpl : public Configurable {
 public:
  using Configurable::Configurable;
  // y_true is float32 in the shape of y_pred; weight has a number an element, or is undefined.
  virtual void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) = 0;
  virtual double result() const = 0;
  virtual void reset() = 0;
};

class Metric {
 public:
  explicit Metric(std::shared_ptr<MetricImpl> impl) : impl_(std::move(impl)) {}
  // A loss as a metric: its mean over the examples.
  Metric(const Loss& loss);

  // Shapes as for a Loss.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {}) const;
  double result() const { return impl_->result(); }
  void reset() const { impl_->reset(); }
  const std::string& name() const { return impl_->name(); }
  const std::string& class_name() const { return impl_->class_name(); }
  Config config() const { return impl_->config(); }
  const std::shared_ptr<MetricImpl>& impl() const { return impl_; }

 private:
  std::shared_ptr<MetricImpl> impl_;
};

// A class of metrics, or of losses, by name.
Metric metric_from_config(const std::string& class_name, const Config& config);
Registry<Metric>& metric_registry();
template <class M>
void register_metric() {  // one of your own
  metric_registry().add<M>();
}

}  // namespace kindling
