#include <kindling/train/losses.h>

#include <algorithm>
#include <cmath>

#include <kindling/autograd/ops.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr double epsilon = 1e-7;  // of Keras

Tensor last_mean(const Tensor& x) { return mean(x, {.axis = {-1}}); }
Tensor last_sum(const Tensor& x) { return sum(x, {.axis = {-1}}); }
Tensor at_least(const Tensor& x, double low) { return maximum(x, scalar(low)); }

// Labels of -1 and 1.
Tensor signs(const Tensor& y) {
  const bool binary = std::ranges::all_of(y.floats(), [](float v) { return v == 0 || v == 1; });
  return binary ? affine(y, 2, -1) : y;
}

// The share of what both have, without axes of all; a little more never divides 0 by 0.
Tensor overlap(const Tensor& y, const Tensor& p, double alpha, double beta, double more,
               const std::optional<Axes>& axis) {
  const ReduceOptions along{.axis = axis.value_or(Axes()).values};
  const Tensor both = sum(y * p, along);
  return both / (both + alpha * sum((1 - y) * p, along) + beta * sum(y * (1 - p), along) + more);
}

}  // namespace

void TverskyOptions::fields(Fields& f) {
  f("alpha", alpha);
  f("beta", beta);
  f("axis", axis);
}

void TverskyOptions::check(const std::string& who) const {
  for (const double part : {alpha, beta}) {
    if (part >= 0 && std::isfinite(part)) continue;
    fail("{}: alpha and beta are at least 0 and finite, got {}", who, part);
  }
}

void HuberOptions::check(const std::string& who) const {
  if (!(delta > 0 && std::isfinite(delta))) {
    fail("{}: delta is above 0 and finite, got {}", who, delta);
  }
}

namespace formula {

Tensor mean_squared_error(const Tensor& y, const Tensor& p) { return last_mean(square(p - y)); }

Tensor mean_absolute_error(const Tensor& y, const Tensor& p) { return last_mean(abs(p - y)); }

Tensor mean_absolute_percentage_error(const Tensor& y, const Tensor& p) {
  return 100 * last_mean(abs(y - p) / at_least(abs(y), epsilon));
}

Tensor mean_squared_logarithmic_error(const Tensor& y, const Tensor& p) {
  return last_mean(square(log1p(at_least(p, epsilon)) - log1p(at_least(y, epsilon))));
}

Tensor huber(const Tensor& y, const Tensor& p, const HuberOptions& options) {
  const double delta = options.delta;
  const Tensor e = abs(p - y);
  return last_mean(where(less_equal(e, delta), square(e) / 2, delta * (e - delta / 2)));
}

// With e = |p - y|, cosh(e) = exp(e) (1 + exp(-2 e)) / 2: nothing overflows, and 0 gives 0.
Tensor log_cosh(const Tensor& y, const Tensor& p) {
  const Tensor e = abs(p - y);
  return last_mean(e + log1p(expm1(-2 * e) / 2));
}

Tensor cosine_similarity(const Tensor& y, const Tensor& p,
                         const CosineSimilarityOptions& options) {
  const int axis = static_cast<int>(options.axis);
  return -sum(l2_normalize(y, axis) * l2_normalize(p, axis), {.axis = {axis}});
}

Tensor kl_divergence(const Tensor& y, const Tensor& p) {
  const Tensor truth = clip(y, epsilon, 1);
  return last_sum(truth * (log(truth) - log(clip(p, epsilon, 1))));
}

Tensor hinge(const Tensor& y, const Tensor& p) {
  return last_mean(at_least(1 - signs(y) * p, 0));
}

Tensor squared_hinge(const Tensor& y, const Tensor& p) {
  return last_mean(square(at_least(1 - signs(y) * p, 0)));
}

Tensor categorical_hinge(const Tensor& y, const Tensor& p) {
  return at_least(1 + max((1 - y) * p, {.axis = {-1}}) - last_sum(y * p), 0);
}

Tensor poisson(const Tensor& y, const Tensor& p) { return last_mean(p - y * log(p + epsilon)); }

Tensor dice(const Tensor& y, const Tensor& p, const DiceOptions& options) {
  return 1 - overlap(y, p, 0.5, 0.5, epsilon / 2, options.axis);
}

Tensor tversky(const Tensor& y, const Tensor& p, const TverskyOptions& options) {
  return 1 - overlap(y, p, options.alpha, options.beta, epsilon, options.axis);
}

}  // namespace formula

Tensor CosineSimilarityImpl::metric_values(const Tensor& y_true, const Tensor& y_pred) const {
  return -values(y_true, y_pred);
}

}  // namespace kindling
