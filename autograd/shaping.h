// Differentiable operations that move elements and compute nothing.
#pragma once

#include <vector>

#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

// Works on every dtype; shares memory. One size may be `any`: it is worked out from the others.
Tensor reshape(const Tensor& x, const Shape& shape);
Tensor expand_dims(const Tensor& x, int axis);  // a new axis of size 1, before `axis`
Tensor squeeze(const Tensor& x, int axis);      // fails unless its size is 1

// Every dtype. axes[i] is the axis of x that becomes axis i.
Tensor transpose(const Tensor& x, const std::vector<int>& axes);
Tensor broadcast_to(const Tensor& x, const Shape& shape);

Tensor concatenate(const Tensors& xs, int axis = -1);
Tensor stack(const Tensors& xs, int axis = 0);
// Elements [begin, end) along an axis; negative positions count from the end.
Tensor slice(const Tensor& x, int axis, std::int64_t begin, std::int64_t end);
std::vector<Tensor> split(const Tensor& x, int parts, int axis = -1);
Tensor flip(const Tensor& x, int axis);  // in reverse order along an axis
// `before` and `after` zeros along an axis.
Tensor pad(const Tensor& x, int axis, std::int64_t before, std::int64_t after);

// Rows of a table: (rows, width...), int32 ids of any shape -> (ids' shape..., width...).
// Its gradient is rows, not a dense table (autograd/gradient.h). Fails on an id outside:
//   take: id 20007 at (3, 11) is outside [0, 20000)
Tensor take(const Tensor& table, const Tensor& ids, const char* who = "take");

}  // namespace kindling
#pragma GCC visibility pop
