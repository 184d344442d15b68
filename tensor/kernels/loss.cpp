#include <kindling/tensor/kernels/loss.h>

#include <algorithm>
#include <cmath>

namespace kindling::kernels {
namespace {

constexpr double low = 1e-7, high = 1 - 1e-7;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

void binary_crossentropy(const float* y, const float* p, std::int64_t n, float* loss) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double t = static_cast<double>(y[i]);
    const double q = std::clamp(static_cast<double>(p[i]), low, high);
    loss[i] = static_cast<float>(-(t * std::log(q) + (1 - t) * std::log(1 - q)));
  }
}

void binary_crossentropy_gradient(const float* g, const float* y, const float* p, std::int64_t n,
                                  float* dp) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double q = static_cast<double>(p[i]);
    const bool inside = !(q < low || q > high);  // a NaN goes on
    const double slope = (q - static_cast<double>(y[i])) / (q * (1 - q));
    dp[i] = inside ? g[i] * static_cast<float>(slope) : 0.0f;
  }
}

void binary_crossentropy_logits(const float* y, const float* x, std::int64_t n, float* loss) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double v = static_cast<double>(x[i]);
    loss[i] = static_cast<float>(std::max(v, 0.0) - v * static_cast<double>(y[i]) +
                                 std::log1p(std::exp(-std::abs(v))));
  }
}

void binary_crossentropy_logits_gradient(const float* g, const float* y, const float* x,
                                         std::int64_t n, float* dx) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double slope = sigmoid(static_cast<double>(x[i])) - static_cast<double>(y[i]);
    dx[i] = g[i] * static_cast<float>(slope);
  }
}

}  // namespace kindling::kernels
