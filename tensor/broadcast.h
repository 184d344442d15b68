// Broadcasting, as in numpy: shapes are aligned at their last axes, and a size of 1, or an axis
// that is not there, repeats.
#pragma once

#include <cstdint>

#include <kindling/tensor/kernels/elementwise.h>
#include <kindling/tensor/shape.h>

namespace kindling {

// The shape of the result; fails in the name of `who`:
//   add: shapes don't broadcast, 3 against 4 at axis -1 [a (2, 3), b (4,)]
Shape broadcast_shapes(const char* who, const Shape& a, const Shape& b);

// Row-major steps of `shape` along the axes of `result`, 0 where it repeats.
void broadcast_steps(const Shape& shape, const Shape& result, std::int64_t* step);

// How a and b walk over `result`, axes merged where both allow it.
kernels::Broadcast broadcast_walk(const Shape& a, const Shape& b, const Shape& result);

}  // namespace kindling
