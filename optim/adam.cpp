#include <kindling/optim/adam.h>

#include <cmath>
#include <vector>

#include <kindling/optim/adam_update.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/kernels/reduce.h>
#include <kindling/tensor/kernels/update.h>

namespace kindling {
namespace {

// Betas are rounded before powers of them are taken: 1 - 0.999f is off by 1.3e-5, and a correction
// for the same beta makes up for it.
template <class Options>
kernels::AdamStep step_of(const Options& o) {
  return {.alpha = 0,
          .beta_1 = static_cast<float>(o.beta_1),
          .beta_2 = static_cast<float>(o.beta_2),
          .epsilon = static_cast<float>(o.epsilon)};
}

double to_power(double beta, std::int64_t t) { return std::pow(beta, static_cast<double>(t)); }

template <class Options>
constexpr bool has_amsgrad = requires(const Options& o) { o.amsgrad; };

}  // namespace

template <class O>
void AdamKin<O>::fields(Fields& f) {
  OptimizerImpl::fields(f);
  f("beta_1", options_.beta_1);
  f("beta_2", options_.beta_2);
  f("epsilon", options_.epsilon);
  if constexpr (has_amsgrad<O>) f("amsgrad", options_.amsgrad);
}

template <class O>
void AdamKin<O>::check_options() const {
  OptimizerImpl::check_options();
  for (const double beta : {options_.beta_1, options_.beta_2}) {
    if (!(beta >= 0 && static_cast<float>(beta) < 1)) {  // as float32 it is used
      fail("{}: beta_1 and beta_2 are in [0, 1), also as float32, got {}", who(), beta);
    }
  }
  check_at_least_0("epsilon", options_.epsilon);
}

template <class O>
int AdamKin<O>::slots() const {
  if constexpr (has_amsgrad<O>) return options_.amsgrad ? 3 : 2;
  return 2;
}

template <class O>
Update AdamKin<O>::update(double learning_rate, std::int64_t t) const {
  kernels::AdamStep step = step_of(options_);
  step.alpha = static_cast<float>(learning_rate * (std::sqrt(1 - to_power(step.beta_2, t)) /
                                                   (1 - to_power(step.beta_1, t))));
  return AdamUpdate{step, slots() == 3};
}

template class AdamKin<AdamOptions>;
template class AdamKin<AdamWOptions>;
template class AdamKin<AdamaxOptions>;

Update AdamaxImpl::update(double learning_rate, std::int64_t t) const {
  kernels::AdamStep step = step_of(options_);
  step.alpha = static_cast<float>(learning_rate / (1 - to_power(step.beta_1, t)));
  return [step](float* w, float* const* slots, const float* g, std::int64_t n) {
    kernels::adamax(w, slots[0], slots[1], g, n, step);
  };
}

Update LambImpl::update(double learning_rate, std::int64_t t) const {
  kernels::AdamStep step = step_of(options_);
  const double first = 1 - to_power(step.beta_1, t), second = 1 - to_power(step.beta_2, t);
  // u is what Adam adds to a weight of 0, at the rate that makes it m / first over a root of v.
  step.alpha = static_cast<float>(-std::sqrt(second) / first);
  step.epsilon = static_cast<float>(options_.epsilon * std::sqrt(second));
  return [step, learning_rate](float* w, float* const* slots, const float* g, std::int64_t n) {
    std::vector<float> u(static_cast<std::size_t>(n));
    kernels::adam(u.data(), slots[0], slots[1], nullptr, g, n, step);
    const double size = std::sqrt(kernels::sum_of_squares(w, 1, n));
    const double change = std::sqrt(kernels::sum_of_squares(u.data(), 1, n));
    const double ratio = size > 0 && change > 0 ? size / change : 1;
    const auto rate = static_cast<float>(learning_rate * ratio);
    for (std::int64_t i = 0; i < n; ++i) w[i] -= rate * u[static_cast<std::size_t>(i)];
  };
}

Update NadamImpl::update(double learning_rate, std::int64_t t) const {
  kernels::AdamStep step = step_of(options_);
  const auto u = [&](std::int64_t i) { return options_.beta_1 * (1 - 0.5 * to_power(0.96, i)); };
  // U_t out of t alone; factors from the thousandth on are beta_1 in double.
  double product = to_power(options_.beta_1, std::max<std::int64_t>(0, t - 1000));
  for (std::int64_t i = 1; i <= std::min<std::int64_t>(t, 1000); ++i) product *= u(i);
  // Both sides of the fraction times sqrt(1 - beta_2^t) give it Adam's form.
  const double root = std::sqrt(1 - to_power(step.beta_2, t));
  step.alpha = static_cast<float>(learning_rate * root * u(t + 1) / (1 - product * u(t + 1)));
  step.beta = static_cast<float>(learning_rate * root * (1 - u(t)) / (1 - product));
  step.epsilon = static_cast<float>(options_.epsilon * root);
  return AdamUpdate{step, false};
}

}  // namespace kindling
