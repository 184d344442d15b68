// Differentiable operations that move elements and compute nothing. They take every dtype, but for
// pad and take, which want float32. An axis that the operand doesn't have fails:
//   slice: axis 2 is outside [-2, 2) [x (2, 3)]
#pragma once

#include <vector>

#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

// (2, 6) -> (3, 4), or any shape of as many elements; shares memory. One size may be `any`: it is
// worked out from the others. Another number of elements fails.
Tensor reshape(const Tensor& x, const Shape& shape);
// A new axis of size 1 before `axis`, which is in [-rank - 1, rank]: (2, 3), axis 1 -> (2, 1, 3)
Tensor expand_dims(const Tensor& x, int axis);
Tensor squeeze(const Tensor& x, int axis);  // (2, 1, 3), axis 1 -> (2, 3); another size fails

// axes[i] is the axis of x that becomes axis i: (2, 3, 4), {1, 2, 0} -> (3, 4, 2). Fails unless
// each axis comes once.
Tensor transpose(const Tensor& x, const std::vector<int>& axes);
// (3,) or (2, 1) -> (2, 3); fails where x's shape doesn't broadcast to `shape`.
Tensor broadcast_to(const Tensor& x, const Shape& shape);

// (2, 3), (2, 5), axis 1 -> (2, 8). No tensors, two dtypes, or shapes that differ along other axes
// fail.
Tensor concatenate(const Tensors& xs, int axis = -1);
// (2, 3), (2, 3), axis 0 -> (2, 2, 3). No tensors, two dtypes or two shapes fail.
Tensor stack(const Tensors& xs, int axis = 0);
// Elements [begin, end) along an axis: (2, 7), axis 1, from 1 to 4 -> (2, 3). Negative positions
// count from the end; positions outside the axis, or in the wrong order, fail.
Tensor slice(const Tensor& x, int axis, std::int64_t begin, std::int64_t end);
// (2, 6), 3 parts -> three of (2, 2); a size that doesn't divide fails.
std::vector<Tensor> split(const Tensor& x, int parts, int axis = -1);
Tensor flip(const Tensor& x, int axis);  // in reverse order along an axis, of the same shape
// `before` and `after` zeros along an axis, of float32: (2, 3), axis 1, 1 and 2 -> (2, 6). A
// negative number of them fails.
Tensor pad(const Tensor& x, int axis, std::int64_t before, std::int64_t after);

// Rows of a table: (rows, width...), int32 ids of any shape -> (ids' shape..., width...).
// Its gradient is rows, not a dense table (autograd/gradient.h). Fails on an id outside:
//   take: id 20007 at (3, 11) is outside [0, 20000)
Tensor take(const Tensor& table, const Tensor& ids, const char* who = "take");

}  // namespace kindling
#pragma GCC visibility pop
