#include <kindling/tensor/kernels/loss.h>

#include <algorithm>
#include <cmath>

#include <kindling/tensor/kernels/ranges.h>

namespace kindling::kernels {
namespace {

constexpr float low = 1e-7f, high = 1 - 1e-7f;

// a * b where infinity times 0 is 0: the limit, where b goes to 0 faster than a grows.
double limit_product(double a, double b) { return b == 0 ? 0 : a * b; }

// The loss of one element, and what its slope is made of.
struct Element {
  double wrong, wrong_slope;   // m, and dm / dp
  double crossentropy, slope;  // b, and db / dp
};

Element of_probability(double y, float p) {
  const auto q = static_cast<double>(std::clamp(p, low, high));
  const auto given = static_cast<double>(p);
  const bool inside = !(p < low || p > high);  // a NaN goes on
  return {.wrong = y * (1 - given) + (1 - y) * given,
          .wrong_slope = 1 - 2 * y,
          .crossentropy = -(y * std::log(q) + (1 - y) * std::log(1 - q)),
          .slope = inside ? (q - y) / (q * (1 - q)) : 0.0};
}

Element of_logit(double y, float logit) {
  const auto x = static_cast<double>(logit);
  const double e = std::exp(-std::abs(x)), larger = 1 / (1 + e), smaller = e / (1 + e);
  const double p = x < 0 ? smaller : larger, no = x < 0 ? larger : smaller;
  return {.wrong = y * no + (1 - y) * p,
          .wrong_slope = (1 - 2 * y) * p * no,
          .crossentropy = limit_product(x, x < 0 ? -y : 1 - y) + std::log1p(e),
          .slope = p - y};
}

// f(i, element) for each, on blocks that threads share.
template <class F>
void for_elements(const float* y, const float* p, std::int64_t n, bool from_logits, F f) {
  for_blocks(n, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto label = static_cast<double>(y[i]);
      f(i, from_logits ? of_logit(label, p[i]) : of_probability(label, p[i]));
    }
  });
}

double focus(double wrong, double gamma) { return gamma == 0 ? 1 : std::pow(wrong, gamma); }
double focus_slope(double wrong, double gamma) {
  return gamma == 0 || wrong == 0 ? 0 : gamma * std::pow(wrong, gamma - 1);
}

}  // namespace

void binary_crossentropy(const float* y, const float* p, std::int64_t n, BinaryLoss form,
                         float* loss) {
  for_elements(y, p, n, form.from_logits, [=](std::int64_t i, const Element& e) {
    loss[i] = static_cast<float>(focus(e.wrong, form.gamma) * e.crossentropy);
  });
}

void binary_crossentropy_gradient(const float* g, const float* y, const float* p, std::int64_t n,
                                  BinaryLoss form, float* dp) {
  for_elements(y, p, n, form.from_logits, [=](std::int64_t i, const Element& e) {
    const double more_wrong = focus_slope(e.wrong, form.gamma) * e.wrong_slope;
    dp[i] = g[i] * static_cast<float>(focus(e.wrong, form.gamma) * e.slope +
                                      limit_product(e.crossentropy, more_wrong));
  });
}

void categorical_crossentropy(const float* y, const float* log_p, std::int64_t n, double gamma,
                              float* loss) {
  for_blocks(n, [=](std::int64_t begin, std::int64_t end) {
    if (gamma == 0) {
      for (std::int64_t i = begin; i < end; ++i) loss[i] = y[i] == 0 ? 0 : -y[i] * log_p[i];
      return;
    }
    for (std::int64_t i = begin; i < end; ++i) {
      const auto l = static_cast<double>(log_p[i]);
      const double value = y[i] == 0 ? 0 : -focus(-std::expm1(l), gamma) * l;
      loss[i] = y[i] * static_cast<float>(value);
    }
  });
}

void categorical_crossentropy_gradient(const float* g, const float* y, const float* log_p,
                                       std::int64_t n, double gamma, float* dlog_p) {
  for_blocks(n, [=](std::int64_t begin, std::int64_t end) {
    if (gamma == 0) {
      for (std::int64_t i = begin; i < end; ++i) dlog_p[i] = -g[i] * y[i];
      return;
    }
    for (std::int64_t i = begin; i < end; ++i) {
      const auto l = static_cast<double>(log_p[i]);
      const double wrong = -std::expm1(l);
      const double slope = y[i] == 0 ? 0
                                     : focus_slope(wrong, gamma) * limit_product(l, std::exp(l)) -
                                           focus(wrong, gamma);
      dlog_p[i] = g[i] * y[i] * static_cast<float>(slope);
    }
  });
}

}  // namespace kindling::kernels
