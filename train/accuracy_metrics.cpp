#include <kindling/train/accuracy_metrics.h>

#include <algorithm>
#include <cmath>

#include <kindling/autograd/ops.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

Tensor as_numbers(const Tensor& right) { return cast(right, DType::float32); }

// 1 where fewer than k classes of a row stand above class ids[row], which is a number.
Tensor in_top_k(const Tensor& ids, const Tensor& p, std::int64_t k) {
  Tensor right = Tensor::empty(ids.shape());
  const auto width = static_cast<std::size_t>(p.size(-1));
  for (std::size_t row = 0; row < right.mutable_floats().size(); ++row) {
    const auto scores = p.floats().subspan(row * width, width);
    const float own = scores[static_cast<std::size_t>(ids.ints()[row])];
    const auto above = std::ranges::count_if(scores, [own](float v) { return v > own; });
    right.mutable_floats()[row] = std::isfinite(own) && above < k ? 1 : 0;
  }
  return right;
}

}  // namespace

void TopKCategoricalAccuracyOptions::check(const std::string& who) const {
  if (k < 1) fail("{}: k is at least 1, got {}", who, k);
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
  return in_top_k(ids, p, options.k);
}

}  // namespace formula

}  // namespace kindling
