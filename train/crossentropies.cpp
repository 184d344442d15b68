#include <kindling/train/crossentropies.h>

#include <cmath>
#include <limits>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/kernels/loss.h>

namespace kindling {
namespace {

constexpr double epsilon = 1e-7;  // of Keras

template <class Options>
void check_crossentropy(const std::string& who, const Options& options) {
  check_axis(who, options.axis);
  if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1)) {
    fail("{}: label_smoothing is in [0, 1], got {}", who, options.label_smoothing);
  }
}
template <class Options>
void check_focal(const std::string& who, const Options& options, double most_alpha) {
  check_crossentropy(who, options);
  if (!(options.gamma >= 0 && std::isfinite(options.gamma))) {
    fail("{}: gamma is at least 0 and finite, got {}", who, options.gamma);
  }
  if (!(options.alpha >= 0 && options.alpha <= most_alpha)) {
    fail("{}: alpha is in [0, {}], got {}", who, most_alpha, options.alpha);
  }
}

template <class Options>
void crossentropy_fields(Fields& f, Options& options) {
  f("from_logits", options.from_logits);
  f("label_smoothing", options.label_smoothing);
  f("axis", options.axis);
}
template <class Options>
void focal_fields(Fields& f, Options& options) {
  f("alpha", options.alpha);
  f("gamma", options.gamma);
  crossentropy_fields(f, options);
}

template <class Options>
Tensor smoothed(const Tensor& y, const Options& options, double classes) {
  const double s = options.label_smoothing;
  return s > 0 ? affine(y, 1 - s, s / classes) : y;
}

ReduceOptions along(std::int64_t axis, bool keepdims = false) {
  return {.axis = {static_cast<int>(axis)}, .keepdims = keepdims};
}

Tensor binary_truth_slope(const Tensor& y, const Tensor& p, kernels::BinaryLoss form);

// The binary loss of each element.
Tensor binary_elements(const Tensor& y, const Tensor& p, kernels::BinaryLoss form) {
  Tensor loss = Tensor::empty(p.shape());
  kernels::binary_crossentropy(y.floats().data(), p.floats().data(), y.elements(), form,
                               loss.mutable_floats().data());
  return record("binary_crossentropy", loss, wrt(p, [y, p, form](const Tensor& g) {
                  Tensor d = Tensor::empty(g.shape());
                  kernels::binary_crossentropy_gradient(g.floats().data(), y.floats().data(),
                                                        p.floats().data(), g.elements(), form,
                                                        d.mutable_floats().data());
                  return d;
                }),
                wrt(y, [y, p, form](const Tensor& g) {
                  return g * binary_truth_slope(y, p, form);
                }));
}

// d(m^gamma b) / dy, in plain operations, since a truth that is learned is rare. b is linear in y.
Tensor binary_truth_slope(const Tensor& y, const Tensor& p, kernels::BinaryLoss form) {
  const kernels::BinaryLoss plain{.from_logits = form.from_logits};
  const auto of_label = [&](double label) {
    return binary_elements(full(p.shape(), label), p, plain);
  };
  const Tensor slope = of_label(1) - of_label(0);
  if (form.gamma == 0) return slope;
  const Tensor probability = form.from_logits ? sigmoid(p) : p;
  const Tensor miss = y * (1 - probability) + (1 - y) * probability;
  return power(miss, form.gamma) * slope + form.gamma * power(miss, form.gamma - 1) *
                                               (1 - 2 * probability) * binary_elements(y, p, plain);
}

// -y (1 - p)^gamma log(p) of each class.
Tensor categorical_elements(const Tensor& y, const Tensor& log_p, double gamma) {
  Tensor loss = Tensor::empty(log_p.shape());
  kernels::categorical_crossentropy(y.floats().data(), log_p.floats().data(), y.elements(), gamma,
                                    loss.mutable_floats().data());
  return record("categorical_crossentropy", loss, wrt(log_p, [y, log_p, gamma](const Tensor& g) {
                  Tensor d = Tensor::empty(g.shape());
                  kernels::categorical_crossentropy_gradient(
                      g.floats().data(), y.floats().data(), log_p.floats().data(), g.elements(),
                      gamma, d.mutable_floats().data());
                  return d;
                }),
                wrt(y, [log_p, gamma](const Tensor& g) {  // linear in y
                  return g * categorical_elements(ones(log_p.shape()), log_p, gamma);
                }));
}

// log(p) of each class.
template <class Options>
Tensor log_probabilities(const Tensor& p, const Options& options) {
  if (options.from_logits) return log_softmax(p, static_cast<int>(options.axis));
  return log(clip(p / sum(p, along(options.axis, true)), epsilon, 1 - epsilon));
}

template <class Options>
Tensor categorical_values(const Tensor& y, const Tensor& p, const Options& options, double gamma) {
  const Tensor labels =
      smoothed(y, options, static_cast<double>(p.size(static_cast<int>(options.axis))));
  return sum(categorical_elements(labels, log_probabilities(p, options), gamma),
             along(options.axis));
}

// x (outer, n, inner), ids (outer, inner) -> x[o, ids[o, i], i]; 0 where an id is negative.
Tensor pick(const Tensor& x, const Tensor& ids, std::int64_t along_axis) {
  const int axis = static_cast<int>(along_axis);
  const std::int64_t n = x.size(axis), inner = x.shape().inner(axis);
  const auto for_each = [ids, n, inner](auto f) {  // f(place among the ids, place in x)
    for (std::int64_t i = 0; i < ids.elements(); ++i) {
      const std::int64_t id = ids.ints()[static_cast<std::size_t>(i)];
      if (id >= 0) f(i, (i / inner * n + id) * inner + i % inner);
    }
  };
  Tensor y = zeros(ids.shape());
  for_each([from = x.floats().data(), to = y.mutable_floats().data()](auto i, auto at) {
    to[i] = from[at];
  });
  // dx is g where it was picked.
  return record("pick", y, wrt(x, [for_each, shape = x.shape()](const Tensor& g) {
                  Tensor dx = zeros(shape);
                  for_each([from = g.floats().data(), to = dx.mutable_floats().data()](
                               auto i, auto at) { to[at] = from[i]; });
                  return dx;
                }));
}

}  // namespace

void CrossentropyOptions::fields(Fields& f) { crossentropy_fields(f, *this); }
void CrossentropyOptions::check(const std::string& who) const { check_crossentropy(who, *this); }
void SparseCategoricalCrossentropyOptions::fields(Fields& f) {
  f("from_logits", from_logits);
  f("ignore_class", ignore_class);
  f("axis", axis);
}
Tensor SparseCategoricalCrossentropyOptions::target(const std::string& who, const Tensor& y_true,
                                                    const Tensor& y_pred) const {
  return class_ids(who, y_true, y_pred, axis, ignore_class);
}
void BinaryFocalCrossentropyOptions::fields(Fields& f) {
  f("apply_class_balancing", apply_class_balancing);
  focal_fields(f, *this);
}
void BinaryFocalCrossentropyOptions::check(const std::string& who) const {
  check_focal(who, *this, 1);
}
void CategoricalFocalCrossentropyOptions::fields(Fields& f) { focal_fields(f, *this); }
void CategoricalFocalCrossentropyOptions::check(const std::string& who) const {
  check_focal(who, *this, std::numeric_limits<float>::max());
}

Tensor class_ids(const std::string& who, const Tensor& y_true, const Tensor& y_pred,
                 std::int64_t along_axis, std::optional<std::int64_t> ignore_class) {
  if (!y_true.defined()) aligned_target(who, y_true, y_pred);  // which says so
  const int axis = static_cast<int>(along_axis);
  const Shape shape = y_pred.shape().without(axis);
  if (y_true.shape() != shape && y_true.shape() != y_pred.shape().with(axis, 1)) {
    fail("{}: truth is a class an example, {} [y_true {}, y_pred {}]", who, shape.str(),
         y_true.shape().str(), y_pred.shape().str());
  }
  const std::int64_t classes = y_pred.size(axis);
  Tensor ids = Tensor::empty(shape, DType::int32);
  const auto read = [&](auto given) {
    for (std::size_t i = 0; i < given.size(); ++i) {
      const double id = static_cast<double>(given[i]);
      const bool ignored = ignore_class && id == static_cast<double>(*ignore_class);
      if (!ignored && !(id >= 0 && id < static_cast<double>(classes) && id == std::floor(id))) {
        fail("{}: a class is a whole number in [0, {}), got {} at {}", who, classes, id,
             y_true.shape().place(static_cast<std::int64_t>(i)).str());
      }
      ids.mutable_ints()[i] = ignored ? -1 : static_cast<std::int32_t>(id);
    }
  };
  if (y_true.dtype() == DType::float32) {
    read(y_true.floats());
  } else {
    const Tensor whole = cast(y_true, DType::int32);
    read(whole.ints());
  }
  return ids;
}

namespace formula {

Tensor binary_crossentropy(const Tensor& y, const Tensor& p, const CrossentropyOptions& options) {
  return mean(binary_elements(smoothed(y, options, 2), p, {.from_logits = options.from_logits}),
              along(options.axis));
}

Tensor categorical_crossentropy(const Tensor& y, const Tensor& p,
                                const CrossentropyOptions& options) {
  return categorical_values(y, p, options, 0);
}

Tensor sparse_categorical_crossentropy(const Tensor& ids, const Tensor& p,
                                       const SparseCategoricalCrossentropyOptions& options) {
  if (!options.ignore_class) return -pick(log_probabilities(p, options), ids, options.axis);
  const Tensor counts = greater_equal(ids, 0);
  // Numbers at the examples to ignore, NaN too, reach no gradient.
  const Tensor clean =
      where(expand_dims(counts, static_cast<int>(options.axis)), p, scalar(1));
  return with_mask(-pick(log_probabilities(clean, options), ids, options.axis), counts);
}

Tensor binary_focal_crossentropy(const Tensor& y_true, const Tensor& p,
                                 const BinaryFocalCrossentropyOptions& options) {
  const Tensor y = smoothed(y_true, options, 2);
  const Tensor values =
      binary_elements(y, p, {.from_logits = options.from_logits, .gamma = options.gamma});
  if (!options.apply_class_balancing) return mean(values, along(options.axis));
  return mean(affine(y, 2 * options.alpha - 1, 1 - options.alpha) * values, along(options.axis));
}

Tensor categorical_focal_crossentropy(const Tensor& y, const Tensor& p,
                                      const CategoricalFocalCrossentropyOptions& options) {
  return options.alpha * categorical_values(y, p, options, options.gamma);
}

}  // namespace formula

}  // namespace kindling
