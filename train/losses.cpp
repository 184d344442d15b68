#include <kindling/train/losses.h>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/kernels/loss.h>

namespace kindling {

void BinaryCrossentropyImpl::fields(Fields& f) {
  f("from_logits", options_.from_logits);
  f("label_smoothing", options_.label_smoothing);
}

void BinaryCrossentropyImpl::check_options() const {
  if (!(options_.label_smoothing >= 0 && options_.label_smoothing <= 1)) {
    fail("{}: label_smoothing is in [0, 1], got {}", who(), options_.label_smoothing);
  }
}

Tensor BinaryCrossentropyImpl::values(const Tensor& y_true, const Tensor& y_pred) const {
  const double s = options_.label_smoothing;
  const Tensor y = s > 0 ? affine(y_true, 1 - s, s / 2) : y_true;
  const auto forward = options_.from_logits ? kernels::binary_crossentropy_logits
                                            : kernels::binary_crossentropy;
  const auto gradient = options_.from_logits ? kernels::binary_crossentropy_logits_gradient
                                             : kernels::binary_crossentropy_gradient;
  Tensor loss = Tensor::empty(y_pred.shape());
  forward(y.floats().data(), y_pred.floats().data(), y.elements(), loss.mutable_floats().data());
  const Tensor recorded = record("binary_crossentropy", loss,
                                 wrt(y_pred, [y, y_pred, gradient](const Tensor& g) {
                                   Tensor d = Tensor::empty(g.shape());
                                   gradient(g.floats().data(), y.floats().data(),
                                            y_pred.floats().data(), g.elements(),
                                            d.mutable_floats().data());
                                   return d;
                                 }));
  return mean(recorded, {.axis = {-1}});
}

Tensor MeanSquaredErrorImpl::values(const Tensor& y_true, const Tensor& y_pred) const {
  return mean(square(y_pred - y_true), {.axis = {-1}});
}

}  // namespace kindling
