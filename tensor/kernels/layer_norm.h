// Rows brought to mean 0 and variance 1.
#pragma once

#include <cstdint>

namespace kindling::kernels {

// y = (x - mean) / sqrt(variance + epsilon) * gamma + beta for each of `rows` rows of n elements;
// gamma and beta have n, or are null. Leaves each row's mean and 1 / sqrt(variance + epsilon) in
// statistics (rows, 2).
void layer_norm(const float* x, const float* gamma, const float* beta, float epsilon,
                std::int64_t rows, std::int64_t n, float* y, float* statistics);

// From g, the gradient for y: with x' = (x - mean) s and g' = g gamma,
//   dx = s (g' - mean(g') - x' mean(g' x'));  scaled = g x', whose columns' sums are gamma's
void layer_norm_gradient(const float* x, const float* statistics, const float* gamma,
                         const float* g, std::int64_t rows, std::int64_t n, float* dx,
                         float* scaled);

}  // namespace kindling::kernels
