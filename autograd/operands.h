// What the operations' source files share: operands checked in the operation's name, and results.
#pragma once

#include <kindling/autograd/activations.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/kernels/elementwise.h>
#include <kindling/tensor/tensor.h>

namespace kindling::detail {

inline void require(const char* who, const Tensor& x, DType dtype) {
  if (!x.defined()) fail("{}: an operand is an undefined tensor", who);
  if (x.dtype() != dtype) {
    fail("{}: {} is needed, got {} {}", who, name(dtype), name(x.dtype()), x.shape().str());
  }
}

// For an operand that may be left out.
inline void require_if_defined(const char* who, const Tensor& x, DType dtype) {
  if (x.defined()) require(who, x, dtype);
}

// The axis counted from 0, where there are `axes` to choose from: those of a shape, or one more for
// an axis that is to be put in.
inline int resolve(const char* who, const Shape& shape, int axis, int axes) {
  const int a = axis < 0 ? axis + axes : axis;
  if (a < 0 || a >= axes) {
    fail("{}: axis {} is outside [{}, {}) [x {}]", who, axis, -axes, axes, shape.str());
  }
  return a;
}
inline int resolve(const char* who, const Shape& shape, int axis) {
  return resolve(who, shape, axis, shape.rank());
}

inline const float* floats(const char* who, const Tensor& x) {
  require(who, x, DType::float32);
  return x.floats().data();
}

// For an operand that may be left out.
inline const float* floats_or_null(const Tensor& x) {
  return x.defined() ? x.floats().data() : nullptr;
}

// y = kernel(x), element by element.
template <class Kernel, class... Args>
Tensor map(const char* who, Kernel kernel, const Tensor& x, Args... args) {
  const float* in = floats(who, x);
  Tensor y = Tensor::empty(x.shape(), DType::float32, who);
  kernel(in, args..., y.mutable_floats().data(), x.elements());
  return y;
}

// dx = kernel(g, saved): the gradient g times a derivative computed from a saved tensor.
template <class Kernel>
Tensor chain(Kernel kernel, const Tensor& g, const Tensor& saved) {
  Tensor dx = Tensor::empty(g.shape());
  kernel(g.floats().data(), saved.floats().data(), dx.mutable_floats().data(), g.elements());
  return dx;
}

struct PointwiseKernels {
  kernels::PointwiseKernel* apply = nullptr;  // null for linear, as is the next
  void (*gradient)(const float* g, const float* y, float* dx, std::int64_t n) = nullptr;
};

inline PointwiseKernels kernels_of(Pointwise activation) {
  switch (activation) {
    case Pointwise::linear: return {};
    case Pointwise::relu: return {kernels::relu, kernels::relu_gradient};
    case Pointwise::sigmoid: return {kernels::sigmoid, kernels::sigmoid_gradient};
    case Pointwise::tanh: return {kernels::tanh, kernels::tanh_gradient};
  }
  fail("there is no such activation");
}

// The gradient for what the activation was applied to, from g, that for its result y.
inline Tensor before_activation(Pointwise activation, const Tensor& g, const Tensor& y) {
  const auto gradient = kernels_of(activation).gradient;
  return gradient != nullptr ? chain(gradient, g, y) : g;
}

}  // namespace kindling::detail
