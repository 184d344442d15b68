#include <kindling/train/crossentropies.h>

#include <cmath>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/kernels/loss.h>

namespace kindling {
namespace {

constexpr double epsilon = 1e-7;  // of Keras

void check_smoothing(const std::string& who, double smoothing) {
  if (!(smoothing >= 0 && smoothing <= 1)) {
    fail("{}: label_smoothing is in [0, 1], got {}", who, smoothing);
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

// Binary cross-entropy of each element.
Tensor binary_elements(const Tensor& y, const Tensor& p, bool from_logits) {
  const auto forward = from_logits ? kernels::binary_crossentropy_logits
                                   : kernels::binary_crossentropy;
  const auto gradient = from_logits ? kernels::binary_crossentropy_logits_gradient
                                    : kernels::binary_crossentropy_gradient;
  Tensor loss = Tensor::empty(p.shape());
  forward(y.floats().data(), p.floats().data(), y.elements(), loss.mutable_floats().data());
  return record("binary_crossentropy", loss, wrt(p, [y, p, gradient](const Tensor& g) {
                  Tensor d = Tensor::empty(g.shape());
                  gradient(g.floats().data(), y.floats().data(), p.floats().data(), g.elements(),
                           d.mutable_floats().data());
                  return d;
                }));
}

// log(p) of each class.
Tensor log_probabilities(const Tensor& p, bool from_logits, std::int64_t axis) {
  if (from_logits) return log_softmax(p, static_cast<int>(axis));
  return log(clip(p / sum(p, along(axis, true)), epsilon, 1 - epsilon));
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

// (1 - p)^gamma; never 0, where its derivative may be infinite.
Tensor focus(const Tensor& one_less_p, double gamma) {
  return power(clip(one_less_p, epsilon, 1), gamma);
}

}  // namespace

void CrossentropyOptions::fields(Fields& f) { crossentropy_fields(f, *this); }
void CrossentropyOptions::check(const std::string& who) const {
  check_smoothing(who, label_smoothing);
}
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
  check_smoothing(who, label_smoothing);
}
void CategoricalFocalCrossentropyOptions::fields(Fields& f) { focal_fields(f, *this); }
void CategoricalFocalCrossentropyOptions::check(const std::string& who) const {
  check_smoothing(who, label_smoothing);
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
  return mean(binary_elements(smoothed(y, options, 2), p, options.from_logits),
              along(options.axis));
}

Tensor categorical_crossentropy(const Tensor& y, const Tensor& p,
                                const CrossentropyOptions& options) {
  const std::int64_t axis = options.axis;
  const Tensor labels = smoothed(y, options, static_cast<double>(p.size(static_cast<int>(axis))));
  return -sum(labels * log_probabilities(p, options.from_logits, axis), along(axis));
}

Tensor sparse_categorical_crossentropy(const Tensor& ids, const Tensor& p,
                                       const SparseCategoricalCrossentropyOptions& options) {
  const Tensor log_p = log_probabilities(p, options.from_logits, options.axis);
  const Tensor values = -pick(log_p, ids, options.axis);
  return options.ignore_class ? with_mask(values, greater_equal(ids, 0)) : values;
}

Tensor binary_focal_crossentropy(const Tensor& y_true, const Tensor& p,
                                 const BinaryFocalCrossentropyOptions& options) {
  const Tensor y = smoothed(y_true, options, 2), no = 1 - y;
  const Tensor wrong = options.from_logits ? y * sigmoid(-p) + no * sigmoid(p)
                                           : y * (1 - p) + no * p;
  Tensor values = focus(wrong, options.gamma) * binary_elements(y, p, options.from_logits);
  if (options.apply_class_balancing) {
    values = (y * options.alpha + no * (1 - options.alpha)) * values;
  }
  return mean(values, along(options.axis));
}

Tensor categorical_focal_crossentropy(const Tensor& y, const Tensor& p,
                                      const CategoricalFocalCrossentropyOptions& options) {
  const std::int64_t axis = options.axis;
  const Tensor labels = smoothed(y, options, static_cast<double>(p.size(static_cast<int>(axis))));
  const Tensor log_p = log_probabilities(p, options.from_logits, axis);
  return -options.alpha * sum(focus(-expm1(log_p), options.gamma) * labels * log_p, along(axis));
}

}  // namespace formula

}  // namespace kindling
