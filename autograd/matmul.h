// Matrix products.
#pragma once

#include <kindling/autograd/activations.h>
#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

struct MatmulOptions {
  bool transpose_a = false;
  bool transpose_b = false;
};

// (..., m, k) x (..., k, n) -> (..., m, n). Leading axes are equal, or one operand is a matrix
// that all of the other's share. A transposed operand is read as such, nothing is moved. Fails on
// other dtypes than float32, fewer than two axes, and sizes that don't fit:
//   matmul: inner dimensions differ, 4 against 3 [a (3, 4), b (3, 5)]
Tensor matmul(const Tensor& a, const Tensor& b, const MatmulOptions& options = {});

// activation(x kernel + bias): x (..., channels), kernel (channels, units), bias (units,) or
// undefined -> (..., units). Bias and activation take one pass. Fails on other dtypes than float32
// and sizes that don't fit:
//   dense: bias has a number a unit, 5, got (4,)
Tensor dense(const Tensor& x, const Tensor& kernel, const Tensor& bias,
             Pointwise activation = Pointwise::linear);

}  // namespace kindling
#pragma GCC visibility pop
