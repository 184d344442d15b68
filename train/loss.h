// Loss: how far predictions are from the truth, as one number to make small.
//
//   Loss loss = BinaryCrossentropy();
//   Tensor value = loss(y_true, y_pred);   // shape (), differentiable for y_pred
//
// Source: keras.losses.
#pragma once

#include <memory>
#include <string>

#include <kindling/layers/configurable.h>
#include <kindling/tensor/tensor.h>

namespace kindling {

enum class Reduction {
  sum_over_batch_size,  // the sum of all values divided by their number
  sum,
  none,  // one value an example
};
Config to_config(Reduction reduction);
void from_config(const Config& config, Reduction& reduction, const std::string& what);

class LossImpl : public Configurable {
 public:
  LossImpl(std::string class_name, std::string name, Reduction reduction)
      : Configurable(std::move(class_name), std::move(name)), reduction_(reduction) {}

  // One value an example: the mean over the last axis. Shapes are known to agree.
  virtual Tensor values(const Tensor& y_true, const Tensor& y_pred) const = 0;

  Reduction reduction() const { return reduction_; }
  Tensor call(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) const;

 protected:
  void common_fields(Fields& f) override;

 private:
  Reduction reduction_;
};

class Loss {
 public:
  explicit Loss(std::shared_ptr<LossImpl> impl) : impl_(std::move(impl)) {}

  // y_pred (batch, ..., d); y_true the same, or without a last axis of size 1. sample_weight
  // broadcasts to a value an example. Values that a mask of y_pred leaves out weigh nothing, and a
  // mean is over the others. Fails where shapes don't agree.
  Tensor operator()(const Tensor& y_true, const Tensor& y_pred,
                    const Tensor& sample_weight = {}) const {
    return impl_->call(y_true, y_pred, sample_weight);
  }
  const std::string& name() const { return impl_->name(); }
  const std::string& class_name() const { return impl_->class_name(); }
  Config config() const { return impl_->config(); }
  const std::shared_ptr<LossImpl>& impl() const { return impl_; }

 private:
  std::shared_ptr<LossImpl> impl_;
};

Registry<Loss>& loss_registry();
template <class L>
void register_loss() {  // one of your own
  loss_registry().add<L>();
}

// y_true as float32 in the shape of y_pred; fails in the name of `who` where it can't be.
Tensor aligned_target(const std::string& who, const Tensor& y_true, const Tensor& y_pred);

}  // namespace kindling
