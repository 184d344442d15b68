#include <kindling/train/accuracy_metrics.h>

#include <algorithm>
#include <cmath>

#include <kindling/autograd/ops.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/metric_elements.h>

namespace kindling {
namespace {

Tensor as_numbers(const Tensor& right) { return cast(right, DType::float32); }

// 1 where fewer than k classes of a row stand above class ids[row], which isn't NaN.
Tensor in_top_k(const Tensor& ids, const Tensor& p, std::int64_t k) {
  Tensor right = Tensor::empty(ids.shape());
  const auto width = static_cast<std::size_t>(p.size(-1));
  for (std::size_t row = 0; row < right.mutable_floats().size(); ++row) {
    const auto scores = p.floats().subspan(row * width, width);
    const float own = scores[static_cast<std::size_t>(ids.ints()[row])];
    const auto above = std::ranges::count_if(scores, [own](float v) { return v > own; });
    right.mutable_floats()[row] = !std::isnan(own) && above < k ? 1 : 0;
  }
  return right;
}

}  // namespace

void BinaryAccuracyOptions::check(const std::string& who) const {
  if (!std::isfinite(threshold)) fail("{}: threshold is finite, got {}", who, threshold);
}

void TopKCategoricalAccuracyOptions::check(const std::string& who) const {
  if (k < 1) fail("{}: k is at least 1, got {}", who, k);
}

void SparseTopKCategoricalAccuracyOptions::fields(Fields& f) {
  f("k", k);
  if (f.reading() || from_sorted_ids) f("from_sorted_ids", from_sorted_ids);  // as Keras does
}

Tensor SparseTopKCategoricalAccuracyOptions::target(const std::string& who, const Tensor& y_true,
                                                    const Tensor& y_pred) const {
  if (!from_sorted_ids) return class_ids(who, y_true, y_pred);
  const Tensor one = slice(y_pred, -1, 0, 1);  // ids are any, so only shapes are compared
  return cast(squeeze(aligned_target(who, y_true, one), -1), DType::int32);
}

namespace formula {

Tensor accuracy(const Tensor& y, const Tensor& p) { return as_numbers(equal(y, p)); }

Tensor binary_accuracy(const Tensor& y, const Tensor& p, const BinaryAccuracyOptions& options) {
  return as_numbers(equal(as_numbers(greater(p, options.threshold)), y));
}

Tensor categorical_accuracy(const Tensor& y, const Tensor& p) {
  return sparse_categorical_accuracy(argmax(y), p);
}

Tensor sparse_categorical_accuracy(const Tensor& ids, const Tensor& p) {
  return as_numbers(equal(argmax(p), ids));
}

Tensor top_k_categorical_accuracy(const Tensor& y, const Tensor& p,
                                  const TopKCategoricalAccuracyOptions& options) {
  return in_top_k(argmax(y), p, options.k);
}

Tensor sparse_top_k_categorical_accuracy(const Tensor& ids, const Tensor& p,
                                         const SparseTopKCategoricalAccuracyOptions& options) {
  if (!options.from_sorted_ids) return in_top_k(ids, p, options.k);
  const Tensor first = slice(p, -1, 0, std::min(options.k, p.size(-1)));
  const Tensor own = expand_dims(cast(ids, DType::float32), -1);
  return max(as_numbers(equal(first, own)), {.axis = {-1}});
}

}  // namespace formula

void SumImpl::update(const Tensor&, const Tensor& y_pred, const Tensor& weight) {
  detail::for_elements(who(), y_pred, y_pred, weight,
                       [&](std::size_t, double, double p, double w) { total_ += p * w; });
}

}  // namespace kindling
