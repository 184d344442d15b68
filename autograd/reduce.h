// Differentiable operations along axes: sums, means, extremes, softmax.
#pragma once

#include <vector>

#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

struct ReduceOptions {
  std::vector<int> axis = {};  // empty: all axes
  bool keepdims = false;
};

Tensor sum(const Tensor& x, const ReduceOptions& options = {});
Tensor mean(const Tensor& x, const ReduceOptions& options = {});
// Equal largest elements share the gradient.
Tensor max(const Tensor& x, const ReduceOptions& options = {});
Tensor min(const Tensor& x, const ReduceOptions& options = {});
// int32, the first largest element along an axis; no derivative.
Tensor argmax(const Tensor& x, int axis = -1);

// x divided by its Euclidean length along an axis, or by 1e-7 if that is more.
Tensor l2_normalize(const Tensor& x, int axis = -1);

// Along one axis; the results sum to 1.
Tensor softmax(const Tensor& x, int axis = -1);
Tensor log_softmax(const Tensor& x, int axis = -1);
// Over the last axis, where mask (bool, broadcast to x) is true; 0 elsewhere. A row that is all
// masked is uniform, which is what Keras's "minus 1e9" gives for scores of ordinary size.
Tensor masked_softmax(const Tensor& x, const Tensor& mask);

}  // namespace kindling
#pragma GCC visibility pop
