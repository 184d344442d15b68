#include <kindling/train/loss.h>

#include <algorithm>
#include <limits>

#include <kindling/autograd/ops.h>
#include <kindling/tensor/copy_elements.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/losses.h>

namespace kindling {
namespace {

constexpr Word<Reduction> reductions[] = {
    {Reduction::sum_over_batch_size, "sum_over_batch_size"},
    {Reduction::mean, "mean"},
    {Reduction::mean_with_sample_weight, "mean_with_sample_weight"},
    {Reduction::sum, "sum"},
    {Reduction::none, "none"}};

// Fails in the name of `who` on the first element that doesn't fit.
template <class Fits>
void require_each(const std::string& who, const char* rule, const char* operand, const Tensor& x,
                  Fits fits) {
  bool all = true;
  for (const float v : x.floats()) all = all & fits(v);  // without a branch, so vectorised
  for (std::int64_t i = 0; !all && i < x.elements(); ++i) {
    const float v = x.floats()[static_cast<std::size_t>(i)];
    if (fits(v)) continue;
    fail("{}: {}, got {} at {} [{} {}]", who, rule, v, x.shape().place(i).str(), operand,
         x.shape().str());
  }
}

void require_truth(const std::string& who, Truth truth, const Tensor& y) {
  const auto require = [&](const char* rule, auto fits) {
    require_each(who, rule, "y_true", y, fits);
  };
  constexpr float most = std::numeric_limits<float>::max();
  switch (truth) {
    case Truth::finite:
      return require("truth is made of finite numbers",
                     [](float v) { return (v >= -most) & (v <= most); });
    case Truth::at_least_0:
      return require("truth is at least 0 and finite",
                     [](float v) { return (v >= 0) & (v <= most); });
    case Truth::between_0_and_1:
      return require("labels are between 0 and 1", [](float v) { return (v >= 0) & (v <= 1); });
    case Truth::zero_or_one:
      return require("labels are 0 or 1", [](float v) { return (v == 0) | (v == 1); });
    case Truth::sign:
      return require("labels are -1, 0 or 1",
                     [](float v) { return (v == -1) | (v == 0) | (v == 1); });
    case Truth::between_signs:
      return require("labels are between -1 and 1", [](float v) { return (v >= -1) & (v <= 1); });
  }
}

Tensor as_floats(const Tensor& x) {
  return x.dtype() == DType::float32 ? x : cast(x, DType::float32);
}

bool has_zero(const Tensor& x) { return std::ranges::find(x.floats(), 0.0f) != x.floats().end(); }

// The weight as it broadcasts to values of that shape; undefined where it doesn't.
Tensor fitted_weight(const Tensor& weight, const Shape& values) {
  const bool longer = weight.rank() == values.rank() + 1 && weight.size(-1) == 1;
  Tensor w = longer ? squeeze(weight, -1) : weight;
  while (w.rank() < values.rank()) w = expand_dims(w, -1);
  bool fits = w.rank() == values.rank();
  for (int axis = 0; fits && axis < w.rank(); ++axis) {
    fits = w.size(axis) == 1 || w.size(axis) == values[axis];
  }
  return fits ? w : Tensor();
}

}  // namespace

Config to_config(Reduction reduction) { return word_of(reduction, reductions); }
void from_config(const Config& config, Reduction& reduction, const std::string& what) {
  read_word(config, reduction, what, reductions);
}

Tensor aligned_target(const std::string& who, const Tensor& y_true, const Tensor& y_pred,
                      Truth truth) {
  if (!y_true.defined()) {
    fail("{}: there is no truth to compare with; a dataset for fit or evaluate has a target", who);
  }
  const bool shorter = y_true.rank() == y_pred.rank() - 1 && y_pred.size(-1) == 1;
  if (y_true.shape() != (shorter ? y_pred.shape().without(-1) : y_pred.shape())) {
    fail("{}: truth and prediction differ in shape [y_true {}, y_pred {}]", who,
         y_true.shape().str(), y_pred.shape().str());
  }
  const Tensor y = as_floats(y_true);
  require_truth(who, truth, y);
  return shorter ? expand_dims(y, -1) : y;
}

Tensor aligned_weight(const std::string& who, const Tensor& weight, const Shape& values) {
  const Tensor w = as_floats(weight);
  require_each(who, "a sample weight is at least 0 and finite", "sample_weight", w, [](float v) {
    return (v >= 0) & (v <= std::numeric_limits<float>::max());
  });
  const Tensor fitted = fitted_weight(w, values);
  if (!fitted.defined()) {
    fail("{}: sample_weight broadcasts to a value an example [sample_weight {}, values {}]", who,
         weight.shape().str(), values.str());
  }
  return fitted;
}

void check_axis(const std::string& who, std::int64_t axis) {
  if (axis < -Shape::max_rank || axis >= Shape::max_rank) {
    fail("{}: axis is in [{}, {}), got {}", who, -Shape::max_rank, Shape::max_rank, axis);
  }
}

Tensor product_of_weights(const std::string& who, const Tensor& a, const Tensor& b) {
  const Shape& values = a.rank() > b.rank() ? a.shape() : b.shape();
  return aligned_weight(who, a, values) * aligned_weight(who, b, values);
}

Compared without_ignored(const Compared& all, const Tensor& weight, std::int64_t value_axis) {
  const auto& [y, p] = all;
  if (!weight.defined() || !y.defined() || !has_zero(as_floats(weight))) return all;
  if (p.rank() < 1 || p.dtype() != DType::float32) return all;
  const int axis = p.shape().resolve(static_cast<int>(value_axis));
  const Shape values = p.shape().without(axis);
  // A weight of each element has the axis; others get it. So have labels, or size 1 along it.
  const bool of_elements = weight.rank() == p.rank() && weight.size(-1) > 1;
  const Tensor w = fitted_weight(as_floats(weight), of_elements ? p.shape() : values);
  const bool fits = y.shape() == p.shape() ||
                    (!of_elements && (y.shape() == values || y.shape() == p.shape().with(axis, 1)));
  if (!w.defined() || !fits) return all;  // which fails later, where it isn't a rule of their own
  const Tensor counts =
      not_equal(of_elements ? w : expand_dims(broadcast_to(w, values), axis), scalar(0));
  Tensor truth = Tensor::empty(y.shape(), y.dtype());
  const Tensor kept = y.shape() == p.shape() ? broadcast_to(counts, p.shape()) : counts;
  detail::copy_elements(y, truth, [&](const auto* from, auto* to) {
    for (std::size_t i = 0; i < kept.bools().size(); ++i) to[i] = kept.bools()[i] ? from[i] : 0;
  });
  return {truth, where(counts, p, scalar(1))};
}

void LossImpl::common_fields(Fields& f) {
  Configurable::common_fields(f);
  f("reduction", reduction_);
}

Compared LossImpl::compared(const Tensor& y_true, const Tensor& y_pred,
                            const Tensor& sample_weight) const {
  if (y_pred.rank() < 1) {
    fail("{}: a prediction has a batch axis, got {}", who(), y_pred.shape().str());
  }
  Compared both = without_ignored({y_true, y_pred}, sample_weight, value_axis());
  both = without_ignored(both, y_pred.mask(), value_axis());
  return {target(both.y_true, both.y_pred), both.y_pred};
}

Tensor LossImpl::call(const Tensor& y_true, const Tensor& y_pred,
                      const Tensor& sample_weight) const {
  const Compared both = compared(y_true, y_pred, sample_weight);
  Tensor v = values(both.y_true, both.y_pred);
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
      const auto valid = static_cast<double>(sum(counts).item());
      counts = counts * (valid > 0 ? static_cast<double>(mask.elements()) / valid : 0);
    }
    weigh(counts);
  }
  if (weights.defined()) v = v * weights;
  switch (reduction_) {
    case Reduction::none: return v;
    case Reduction::sum: return sum(v);
    case Reduction::mean_with_sample_weight:
      if (weights.defined()) {  // as they were given: (batch, 1) counts once for all steps
        const auto all = static_cast<double>(sum(weights).item());
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
    own.add<Dice>().add<Hinge>().add<Huber>().add<KLDivergence>().add<LogCosh>();
    own.add<MeanAbsoluteError>().add<MeanAbsolutePercentageError>().add<MeanSquaredError>();
    own.add<MeanSquaredLogarithmicError>().add<Poisson>();
    own.add<SparseCategoricalCrossentropy>().add<SquaredHinge>().add<Tversky>();
    return own;
  }();
  return registry;
}

}  // namespace kindling
