// One step of an optimizer over one weight: n elements each, in one pass, parallel above a
// measured size. Formulas follow Keras 3.
#pragma once

#include <cstdint>

namespace kindling::kernels {

// w -= learning_rate * g
void sgd(float* w, const float* g, std::int64_t n, float learning_rate);

// m = momentum * m - learning_rate * g;  w += m, or with Nesterov
// w += momentum * m - learning_rate * g
void sgd_momentum(float* w, float* m, const float* g, std::int64_t n, float learning_rate,
                  float momentum, bool nesterov);

// m += (g - m) (1 - beta_1);  v += (g^2 - v) (1 - beta_2);  w -= alpha * m / (sqrt(v) + epsilon),
// where alpha = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t).
// With `largest` (amsgrad): largest = max(largest, v) stands under the root instead of v.
struct AdamStep {
  float alpha, beta_1, beta_2, epsilon;
};
void adam(float* w, float* m, float* v, float* largest, const float* g, std::int64_t n,
          const AdamStep& step);

}  // namespace kindling::kernels
