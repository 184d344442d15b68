// Reductions over the middle axis of (outer, n, inner), row-major: y has (outer, inner) elements.
// The order of a sum depends on the sizes and the instruction set alone; short stretches are summed
// in float and these in double, so that its error doesn't grow with n.
#pragma once

#include <cstdint>

namespace kindling::kernels {

void sum(const float* x, std::int64_t outer, std::int64_t n, std::int64_t inner, float* y);
// n >= 1. A NaN anywhere gives NaN.
void max(const float* x, std::int64_t outer, std::int64_t n, std::int64_t inner, float* y);
void min(const float* x, std::int64_t outer, std::int64_t n, std::int64_t inner, float* y);
// The position of the first largest element along n, or of the first NaN; n >= 1.
void argmax(const float* x, std::int64_t outer, std::int64_t n, std::int64_t inner,
            std::int32_t* y);

// Softmax of each of `rows` rows of n elements; y may be x.
void softmax(const float* x, std::int64_t rows, std::int64_t n, float* y);
void log_softmax(const float* x, std::int64_t rows, std::int64_t n, float* y);

// As softmax, over the elements where mask is true; the others get 0. mask has rows * n elements.
void masked_softmax(const float* x, const bool* mask, std::int64_t rows, std::int64_t n, float* y);

// dx = y * (g - sum(g * y)) a row, where y is the softmax.
void softmax_gradient(const float* g, const float* y, std::int64_t rows, std::int64_t n,
                      float* dx);
// dx = g - exp(y) * sum(g) a row, where y is the log_softmax.
void log_softmax_gradient(const float* g, const float* y, std::int64_t rows, std::int64_t n,
                          float* dx);

// The sum of a[i] b[i].
double dot(const float* a, const float* b, std::int64_t n);

// The sum of the squares of x (rows, width), for norms: in double, the rows' sums in their order;
// rows of zeros may be left out.
double sum_of_squares(const float* x, std::int64_t rows, std::int64_t width);

}  // namespace kindling::kernels
