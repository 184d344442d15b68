#include <kindling/train/loss.h>

#include <cmath>

#include <kindling/autograd/ops.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/kernels/reduce.h>
#include <kindling/train/losses.h>

namespace kindling {
namespace {

constexpr Word<Reduction> reductions[] = {
    {Reduction::sum_over_batch_size, "sum_over_batch_size"},
    {Reduction::mean, "mean"},
    {Reduction::mean_with_sample_weight, "mean_with_sample_weight"},
    {Reduction::sum, "sum"},
    {Reduction::none, "none"}};

// One vectorised pass where there is none: the sum tells.
void refuse_nan(const std::string& who, const Tensor& y) {
  float total = 0;
  kernels::sum(y.floats().data(), 1, y.elements(), 1, &total);
  for (std::int64_t i = 0; std::isnan(total) && i < y.elements(); ++i) {
    if (!std::isnan(y.floats()[static_cast<std::size_t>(i)])) continue;
    fail("{}: truth is made of numbers, got nan at {} [y_true {}]", who, y.shape().place(i).str(),
         y.shape().str());
  }
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
  const bool shorter = y_true.rank() == y_pred.rank() - 1 && y_pred.size(-1) == 1;
  if (y_true.shape() != (shorter ? y_pred.shape().without(-1) : y_pred.shape())) {
    fail("{}: truth and prediction differ in shape [y_true {}, y_pred {}]", who,
         y_true.shape().str(), y_pred.shape().str());
  }
  if (y_true.dtype() == DType::float32) refuse_nan(who, y_true);
  const Tensor y = y_true.dtype() == DType::float32 ? y_true : cast(y_true, DType::float32);
  return shorter ? expand_dims(y, -1) : y;
}

Tensor aligned_weight(const std::string& who, const Tensor& weight, const Shape& values) {
  const bool longer = weight.rank() == values.rank() + 1 && weight.size(-1) == 1;
  Tensor w = longer ? squeeze(weight, -1) : weight;
  while (w.rank() < values.rank()) w = expand_dims(w, -1);
  bool fits = w.rank() == values.rank();
  for (int axis = 0; fits && axis < w.rank(); ++axis) {
    fits = w.size(axis) == 1 || w.size(axis) == values[axis];
  }
  if (!fits) {
    fail("{}: sample_weight broadcasts to a value an example [sample_weight {}, values {}]", who,
         weight.shape().str(), values.str());
  }
  return w;
}

void LossImpl::common_fields(Fields& f) {
  Configurable::common_fields(f);
  f("reduction", reduction_);
}

Tensor LossImpl::call(const Tensor& y_true, const Tensor& y_pred,
                      const Tensor& sample_weight) const {
  if (y_pred.rank() < 1) fail("{}: a prediction has a batch axis, got {}", who(),
                              y_pred.shape().str());
  Tensor v = values(target(y_true, y_pred), y_pred);
  Tensor weights;
  const auto weigh = [&](const Tensor& by) {
    const Tensor w = aligned_weight(who(), by, v.shape());
    weights = weights.defined() ? weights * w : w;
  };
  if (sample_weight.defined()) weigh(sample_weight);
  Tensor mask = y_pred.mask();
  if (const Tensor own = v.mask(); own.defined()) {
    mask = mask.defined() ? logical_and(mask, own) : own;
  }
  if (mask.defined()) {
    Tensor counts = cast(mask, DType::float32);
    if (reduction_ == Reduction::sum_over_batch_size || reduction_ == Reduction::mean) {
      // Keras's way: what counts weighs more, so that the mean below is over what counts.
      constexpr double epsilon = 1e-7;
      counts = counts * (static_cast<double>(mask.elements()) /
                         (static_cast<double>(sum(counts).item()) + epsilon));
    }
    weigh(counts);
  }
  if (weights.defined()) v = v * weights;
  switch (reduction_) {
    case Reduction::none: return v;
    case Reduction::sum: return sum(v);
    case Reduction::mean_with_sample_weight:
      if (weights.defined()) {
        const double all = static_cast<double>(sum(broadcast_to(weights, v.shape())).item());
        return sum(v) * (all != 0 ? 1 / all : 0);
      }
      break;
    default: break;
  }
  return mean(v);
}

Registry<Loss>& loss_registry() {
  static Registry<Loss> registry = [] {
    Registry<Loss> own("loss");
    own.add<BinaryCrossentropy>().add<BinaryFocalCrossentropy>().add<CategoricalCrossentropy>();
    own.add<CategoricalFocalCrossentropy>().add<CategoricalHinge>().add<CosineSimilarity>();
    own.add<Hinge>().add<Huber>().add<KLDivergence>().add<LogCosh>().add<MeanAbsoluteError>();
    own.add<MeanAbsolutePercentageError>().add<MeanSquaredError>();
    own.add<MeanSquaredLogarithmicError>().add<Poisson>();
    own.add<SparseCategoricalCrossentropy>().add<SquaredHinge>();
    return own;
  }();
  return registry;
}

}  // namespace kindling
