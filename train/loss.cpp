#include <kindling/train/loss.h>

#include <kindling/autograd/ops.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/losses.h>

namespace kindling {
namespace {

constexpr Word<Reduction> reductions[] = {{Reduction::sum_over_batch_size, "sum_over_batch_size"},
                                          {Reduction::sum, "sum"},
                                          {Reduction::none, "none"}};

}  // namespace

Config to_config(Reduction reduction) { return word_of(reduction, reductions); }
void from_config(const Config& config, Reduction& reduction, const std::string& what) {
  read_word(config, reduction, what, reductions);
}

Tensor aligned_target(const std::string& who, const Tensor& y_true, const Tensor& y_pred) {
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
  if (sample_weight.defined()) v = v * sample_weight;
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
