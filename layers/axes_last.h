// Several axes of a tensor as one, its last: for source files.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <kindling/layers/config.h>
#include <kindling/tensor/tensor.h>

namespace kindling::detail {

// Counted from 0, ascending; fails unless each is one of the shape's, and comes once.
std::vector<int> resolved(const std::string& who, const Axes& axes, const Shape& shape);

// All axes of a tensor in a row with these last.
std::vector<int> with_last(const std::vector<int>& axes, int rank);

// f(x), where f works on the last axis of its operands, along these axes together. Another operand
// of x's shape, a mask, may go with it.
Tensor along_axes(const std::vector<int>& axes, const Tensor& x, const Tensor& other,
                  const std::function<Tensor(const Tensor&, const Tensor&)>& f);

}  // namespace kindling::detail
