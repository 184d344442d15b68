// One step of an optimizer over one weight: n elements each, in one pass, parallel above a
// measured size. Formulas follow Keras 3.
#pragma once

#include <cstdint>
#include <span>

namespace kindling::kernels {

// w -= learning_rate * g
void sgd(float* w, const float* g, std::int64_t n, float learning_rate);

// m = momentum * m - learning_rate * g;  w += m, or with Nesterov
// w += momentum * m - learning_rate * g
void sgd_momentum(float* w, float* m, const float* g, std::int64_t n, float learning_rate,
                  float momentum, bool nesterov);

// m += (g - m) (1 - beta_1);  v += (g^2 - v) (1 - beta_2);
// w -= (alpha * m + beta * g) / (sqrt(v) + epsilon)
// With `largest` (amsgrad): largest = max(largest, v) stands under the root instead of v.
struct AdamStep {
  float alpha, beta_1, beta_2, epsilon;
  float beta = 0;  // not 0 in Nadam
};
void adam(float* w, float* m, float* v, float* largest, const float* g, std::int64_t n,
          const AdamStep& step);
// Steps one after the other without a gradient, in one pass: the bits of adam with zeros for g.
void adam_at_rest(float* w, float* m, float* v, float* largest, std::int64_t n,
                  std::span<const AdamStep> steps);

// m += (g - m) (1 - beta_1);  u = max(beta_2 * u, |g|);  w -= alpha * m / (u + epsilon)
void adamax(float* w, float* m, float* u, const float* g, std::int64_t n, const AdamStep& step);

// w -= learning_rate * sign(beta_1 * m + (1 - beta_1) g);  m = beta_2 * m + (1 - beta_2) g
void lion(float* w, float* m, const float* g, std::int64_t n, float learning_rate, float beta_1,
          float beta_2);

// a += g^2;  w -= learning_rate * g / sqrt(a + epsilon)
void adagrad(float* w, float* a, const float* g, std::int64_t n, float learning_rate,
             float epsilon);

struct RhoStep {
  float learning_rate, rho, take, epsilon;  // take = 1 - rho
  float momentum = 0;                       // RMSprop's
};
// a = rho * a + take * g^2;  delta = g * sqrt(d + epsilon) / sqrt(a + epsilon)
// d = rho * d + take * delta^2;  w -= learning_rate * delta
void adadelta(float* w, float* a, float* d, const float* g, std::int64_t n, const RhoStep& step);

// v = rho * v + take * g^2;  change = learning_rate * g / sqrt(v + epsilon);  w -= change
// With `mean` (centered): mean = rho * mean + take * g, and v - mean^2 stands under the root.
// With `m` (momentum): m = momentum * m + change;  w -= m
void rmsprop(float* w, float* v, float* mean, float* m, const float* g, std::int64_t n,
             const RhoStep& step);

// average = momentum * average + (1 - momentum) * w
void moving_average(const float* w, float* average, std::int64_t n, float momentum);

}  // namespace kindling::kernels
