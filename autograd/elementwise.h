// Differentiable operations that work element by element; the result has x's shape. Two operands
// broadcast as in numpy: (2, 3) and (3,) -> (2, 3). An operand that isn't float32, where nothing
// else is said, and shapes that don't broadcast fail:
//   add: float32 is needed, got int32 (3,)
//   add: shapes don't broadcast, 3 against 4 at axis -1 [a (2, 3), b (4,)]
#pragma once

#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

Tensor add(const Tensor& a, const Tensor& b);
Tensor subtract(const Tensor& a, const Tensor& b);
Tensor multiply(const Tensor& a, const Tensor& b);
Tensor divide(const Tensor& a, const Tensor& b);
Tensor maximum(const Tensor& a, const Tensor& b);  // where equal, each gets half the gradient
Tensor minimum(const Tensor& a, const Tensor& b);
Tensor power(const Tensor& a, const Tensor& b);  // the derivative for b wants a > 0
Tensor power(const Tensor& a, double b);

// scale * x + offset in one pass; fails in the name of `who`.
Tensor affine(const Tensor& x, double scale, double offset, const char* who = "affine");

Tensor negative(const Tensor& x);
Tensor abs(const Tensor& x);  // derivative 0 at 0
Tensor square(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor reciprocal(const Tensor& x);
Tensor exp(const Tensor& x);
Tensor expm1(const Tensor& x);
Tensor log(const Tensor& x);
Tensor log1p(const Tensor& x);
Tensor sin(const Tensor& x);
Tensor cos(const Tensor& x);
Tensor erf(const Tensor& x);
// Derivative 1 on [low, high], 0 outside. Fails unless low <= high.
Tensor clip(const Tensor& x, double low, double high);

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return subtract(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return multiply(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return divide(a, b); }
inline Tensor operator-(const Tensor& x) { return negative(x); }
inline Tensor operator+(const Tensor& a, double b) { return affine(a, 1, b, "add"); }
inline Tensor operator+(double a, const Tensor& b) { return affine(b, 1, a, "add"); }
inline Tensor operator-(const Tensor& a, double b) { return affine(a, 1, -b, "subtract"); }
inline Tensor operator-(double a, const Tensor& b) { return affine(b, -1, a, "subtract"); }
inline Tensor operator*(const Tensor& a, double b) { return affine(a, b, 0, "multiply"); }
inline Tensor operator*(double a, const Tensor& b) { return affine(b, a, 0, "multiply"); }
inline Tensor operator/(const Tensor& a, double b) { return divide(a, scalar(b)); }
inline Tensor operator/(double a, const Tensor& b) { return divide(scalar(a), b); }

// bool results, no derivative. Both float32 or both int32; beside an int32 tensor, a number that
// int32 doesn't have fails.
Tensor equal(const Tensor& a, const Tensor& b);
Tensor not_equal(const Tensor& a, const Tensor& b);
Tensor less(const Tensor& a, const Tensor& b);
Tensor less_equal(const Tensor& a, const Tensor& b);
Tensor greater(const Tensor& a, const Tensor& b);
Tensor greater_equal(const Tensor& a, const Tensor& b);
Tensor equal(const Tensor& a, double b);
Tensor not_equal(const Tensor& a, double b);
Tensor less(const Tensor& a, double b);
Tensor less_equal(const Tensor& a, double b);
Tensor greater(const Tensor& a, double b);
Tensor greater_equal(const Tensor& a, double b);

// On bool tensors; two shapes that differ fail.
Tensor logical_and(const Tensor& a, const Tensor& b);
Tensor logical_or(const Tensor& a, const Tensor& b);
Tensor logical_not(const Tensor& x);

// condition ? a : b, the condition bool; all three broadcast.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);

}  // namespace kindling
#pragma GCC visibility pop
