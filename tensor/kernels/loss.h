// Cross-entropies, and the focal losses that weigh them by (1 - p)^gamma, p being the probability
// of the label; gamma 0 is the plain loss. They are right in value and slope at infinite logits.
#pragma once

#include <cstdint>

namespace kindling::kernels {

struct BinaryLoss {
  bool from_logits = false;  // p holds the numbers before the sigmoid
  double gamma = 0;
};

// loss[i] = m^gamma b, with m = y (1 - p) + (1 - y) p and b = -(y log(p) + (1 - y) log(1 - p)).
// Inside b a probability is clipped to [1e-7, 1 - 1e-7], both as float32, as Keras does; of logits
// nothing is clipped.
void binary_crossentropy(const float* y, const float* p, std::int64_t n, BinaryLoss form,
                         float* loss);
// dp[i] = g[i] * (m^gamma db/dp + gamma m^(gamma - 1) dm/dp b); db/dp is 0 where p was clipped.
void binary_crossentropy_gradient(const float* g, const float* y, const float* p, std::int64_t n,
                                  BinaryLoss form, float* dp);

// loss[i] = -y (1 - p)^gamma log(p), from log(p): 0 where y is 0, also where p is 0.
void categorical_crossentropy(const float* y, const float* log_p, std::int64_t n, double gamma,
                              float* loss);
// dlog_p[i] = -g[i] * y ((1 - p)^gamma - gamma (1 - p)^(gamma - 1) p log(p))
void categorical_crossentropy_gradient(const float* g, const float* y, const float* log_p,
                                       std::int64_t n, double gamma, float* dlog_p);

}  // namespace kindling::kernels
