// Differentiable operations along axes: sums, means, extremes, softmax. An operand that isn't
// float32, and an axis that it doesn't have, fail:
//   sum: axis 2 is outside [-2, 2) [x (2, 3)]
#pragma once

#include <vector>

#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

struct ReduceOptions {
  std::vector<int> axis = {};  // empty: all axes; one that comes twice fails
  bool keepdims = false;       // the axes stay, with size 1
};

// (2, 3, 4), axis 1 -> (2, 4), with keepdims (2, 1, 4); all axes -> ()
Tensor sum(const Tensor& x, const ReduceOptions& options = {});
Tensor mean(const Tensor& x, const ReduceOptions& options = {});
// Equal largest elements share the gradient. The largest of no elements fails.
Tensor max(const Tensor& x, const ReduceOptions& options = {});
Tensor min(const Tensor& x, const ReduceOptions& options = {});
// (2, 3, 4), axis 1 -> (2, 4), int32: where along the axis the first largest element is. No
// derivative; fails for an axis of size 0.
Tensor argmax(const Tensor& x, int axis = -1);

// x's shape -> the same: x divided by its Euclidean length along an axis, or by 1e-7 if that is
// more.
Tensor l2_normalize(const Tensor& x, int axis = -1);

// x's shape -> the same. Along one axis the results sum to 1, or their exponentials do.
Tensor softmax(const Tensor& x, int axis = -1);
Tensor log_softmax(const Tensor& x, int axis = -1);
// x (..., n), mask bool, broadcast to x -> (..., n). Over the last axis, where the mask is true; 0
// elsewhere, so that a row that is all masked is 0. A mask that doesn't broadcast to x fails.
Tensor masked_softmax(const Tensor& x, const Tensor& mask);

}  // namespace kindling
#pragma GCC visibility pop
