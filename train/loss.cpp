#include <kindling/train/loss.h>

#include <kindling/autograd/ops.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/losses.h>

namespace kindling {
namespace {

constexpr Word<Reduction> reductions[] = {{Reduction::sum_over_batch_size, "sum_over_batch_size"},
                                          {Reduction::sum, "sum"},
                                          {Reduction::none, "none"}};

// The weight that broadcasts to v, a value an example: one axis more, of size 1, is as none.
Tensor weight_of_values(const std::string& who, const Tensor& weight, const Tensor& v) {
  const bool longer = weight.rank() == v.rank() + 1 && weight.size(-1) == 1;
  const Tensor w = longer ? squeeze(weight, -1) : weight;
  bool fits = w.rank() <= v.rank();
  for (int axis = -1; fits && axis >= -w.rank(); --axis) {
    fits = w.size(axis) == 1 || w.size(axis) == v.size(axis);
  }
  if (!fits) {
    fail("{}: sample_weight broadcasts to a value an example [sample_weight {}, values {}]", who,
         weight.shape().str(), v.shape().str());
  }
  return w;
}

}  // namespace

Config to_config(Reduction reduction) { return word_of(reduction, reductions); }
void from_config(const Config& config, Reduction& reduction, const std::string& what) {
  read_word(config, reduction, what, reductions);
}

Tensor aligned_target(const std::string& who, const Tensor& y_true, const Tensor& y_pred) {
  if (!y_true.defined()) {
    fail("{}: there is no truth to compare with; a dataset for fit or evaluate has a target", who);
  }
  Tensor y = y_true;
  if (y.dtype() != DType::float32) y = cast(y, DType::float32);
  if (y.rank() == y_pred.rank() - 1 && y_pred.size(-1) == 1) y = expand_dims(y, -1);
  if (y.shape() != y_pred.shape()) {
    fail("{}: truth and prediction differ in shape [y_true {}, y_pred {}]", who,
         y_true.shape().str(), y_pred.shape().str());
  }
  return y;
}

void LossImpl::common_fields(Fields& f) {
  Configurable::common_fields(f);
  f("reduction", reduction_);
}

Tensor LossImpl::call(const Tensor& y_true, const Tensor& y_pred,
                      const Tensor& sample_weight) const {
  if (y_pred.rank() < 1) fail("{}: a prediction has a batch axis, got {}", who(),
                              y_pred.shape().str());
  Tensor v = values(aligned_target(who(), y_true, y_pred), y_pred);
  if (sample_weight.defined()) v = v * weight_of_values(who(), sample_weight, v);
  if (const Tensor mask = y_pred.mask(); mask.defined()) {
    Tensor counts = weight_of_values(who(), cast(mask, DType::float32), v);
    if (reduction_ == Reduction::sum_over_batch_size) {
      // Keras's way: what counts weighs more, so that the mean below is over what counts.
      constexpr double epsilon = 1e-7;
      counts = counts * (static_cast<double>(mask.elements()) /
                         (static_cast<double>(sum(counts).item()) + epsilon));
    }
    v = v * counts;
  }
  switch (reduction_) {
    case Reduction::none: return v;
    case Reduction::sum: return sum(v);
    case Reduction::sum_over_batch_size: return mean(v);
  }
  return v;
}

Registry<Loss>& loss_registry() {
  static Registry<Loss> registry = [] {
    Registry<Loss> own("loss");
    own.add<BinaryCrossentropy>();
    own.add<MeanSquaredError>();
    return own;
  }();
  return registry;
}

}  // namespace kindling
