// Squares that stay finite. For source files.
#pragma once

#include <vector>

#include <kindling/tensor/tensor.h>

namespace kindling::detail {

// What to divide x by so that the sums of its squares over these axes, which it keeps with size 1,
// are finite: powers of two, so that nothing is rounded, and 1 where no number is large.
Tensor without_overflow(const Tensor& x, const std::vector<int>& axes);

}  // namespace kindling::detail
