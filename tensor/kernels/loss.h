// Losses that want double precision inside: probabilities close to 0 and 1.
#pragma once

#include <cstdint>

namespace kindling::kernels {

// loss[i] = -(y log(p) + (1 - y) log(1 - p)), p clipped to [1e-7, 1 - 1e-7] as Keras does.
void binary_crossentropy(const float* y, const float* p, std::int64_t n, float* loss);
// dp[i] = g[i] * (p - y) / (p (1 - p)); 0 where p was clipped.
void binary_crossentropy_gradient(const float* g, const float* y, const float* p, std::int64_t n,
                                  float* dp);

// The same of p = sigmoid(x), from x: max(x, 0) - x y + log(1 + exp(-|x|)).
void binary_crossentropy_logits(const float* y, const float* x, std::int64_t n, float* loss);
// dx[i] = g[i] * (sigmoid(x) - y)
void binary_crossentropy_logits_gradient(const float* g, const float* y, const float* x,
                                         std::int64_t n, float* dx);

}  // namespace kindling::kernels
