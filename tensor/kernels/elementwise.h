// y[i] = f(x[i]) and c[i] = f(a[i], b[i]): one pass over memory each, vectorised where the
// machine has instructions for it, parallel above a measured size. An output may be an input
// of its own size, not overlap one otherwise. NaN in, NaN out, also where a comparison decides.
#pragma once

#include <cstdint>

namespace kindling::kernels {

// Any of the functions of one argument below.
using PointwiseKernel = void(const float* x, float* y, std::int64_t n);

// n elements each. "Within so many" is in units in the last place, over all of float; for sin and
// cos it is the difference itself.
void negative(const float* x, float* y, std::int64_t n);
void absolute(const float* x, float* y, std::int64_t n);
void square(const float* x, float* y, std::int64_t n);
void sqrt(const float* x, float* y, std::int64_t n);
void reciprocal(const float* x, float* y, std::int64_t n);
void exp(const float* x, float* y, std::int64_t n);      // within 1
void expm1(const float* x, float* y, std::int64_t n);    // within 2
void log(const float* x, float* y, std::int64_t n);      // within 1
void log1p(const float* x, float* y, std::int64_t n);    // within 2
void sin(const float* x, float* y, std::int64_t n);      // within 3e-7
void cos(const float* x, float* y, std::int64_t n);      // within 3e-7
void erf(const float* x, float* y, std::int64_t n);      // within 2
void tanh(const float* x, float* y, std::int64_t n);     // within 2
void sigmoid(const float* x, float* y, std::int64_t n);  // within 2
void relu(const float* x, float* y, std::int64_t n);
void sign(const float* x, float* y, std::int64_t n);     // -1, 0 or 1
// y = scale * x + offset
void affine(const float* x, float scale, float offset, float* y, std::int64_t n);
void clip(const float* x, float low, float high, float* y, std::int64_t n);

// Derivatives that want one pass: dx[i] from the gradient g[i] and the result y[i] (or input x).
void tanh_gradient(const float* g, const float* y, float* dx, std::int64_t n);     // g (1 - y^2)
void sigmoid_gradient(const float* g, const float* y, float* dx, std::int64_t n);  // g y (1 - y)
void relu_gradient(const float* g, const float* y, float* dx, std::int64_t n);     // y > 0 ? g : 0

// y += x
void accumulate(const float* x, float* y, std::int64_t n);

// How two operands of different shapes walk over one result: sizes of the result's axes, and
// each operand's step along them in elements, 0 where it repeats. Axes are already merged where
// both operands allow it, so that the last one is as long as can be.
struct Broadcast {
  int rank = 0;
  std::int64_t size[6] = {};
  std::int64_t a_step[6] = {};
  std::int64_t b_step[6] = {};
};

void add(const Broadcast& walk, const float* a, const float* b, float* c);
void subtract(const Broadcast& walk, const float* a, const float* b, float* c);
void multiply(const Broadcast& walk, const float* a, const float* b, float* c);
void divide(const Broadcast& walk, const float* a, const float* b, float* c);
void maximum(const Broadcast& walk, const float* a, const float* b, float* c);
void minimum(const Broadcast& walk, const float* a, const float* b, float* c);
void power(const Broadcast& walk, const float* a, const float* b, float* c);

// y (rows, width) = activation(y + bias); either may be null.
void finish_rows(const float* bias, PointwiseKernel* activation, std::int64_t rows,
                 std::int64_t width, float* y);

enum class Comparison { equal, not_equal, less, less_equal, greater, greater_equal };
void compare(Comparison op, const Broadcast& walk, const float* a, const float* b, bool* c);
void compare(Comparison op, const Broadcast& walk, const std::int32_t* a, const std::int32_t* b,
             bool* c);

// c = condition ? a : b, n elements each.
void select(const bool* condition, const float* a, const float* b, float* c, std::int64_t n);

}  // namespace kindling::kernels
