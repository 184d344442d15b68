#include <kindling/optim/adagrad.h>

#include <algorithm>
#include <cmath>

#include <kindling/tensor/fail.h>
#include <kindling/tensor/kernels/ranges.h>
#include <kindling/tensor/kernels/update.h>

namespace kindling {
namespace {

template <class Options>
kernels::RhoStep rho_step(const Options& o, double learning_rate, double momentum = 0) {
  return {.learning_rate = static_cast<float>(learning_rate),
          .rho = static_cast<float>(o.rho),
          .take = static_cast<float>(1 - o.rho),
          .epsilon = static_cast<float>(o.epsilon),
          .momentum = static_cast<float>(momentum)};
}

}  // namespace

void AdagradImpl::fields(Fields& f) {
  OptimizerImpl::fields(f);
  f("initial_accumulator_value", options_.initial_accumulator_value);
  f("epsilon", options_.epsilon);
}

void AdagradImpl::check_options() const {
  OptimizerImpl::check_options();
  check_at_least_0("initial_accumulator_value", options_.initial_accumulator_value);
  check_at_least_0("epsilon", options_.epsilon);
}

Update AdagradImpl::update(double learning_rate, std::int64_t) const {
  return [rate = static_cast<float>(learning_rate), epsilon = static_cast<float>(options_.epsilon)](
             float* w, float* const* slots, const float* g, std::int64_t n) {
    kernels::adagrad(w, slots[0], g, n, rate, epsilon);
  };
}

void FtrlImpl::fields(Fields& f) {
  OptimizerImpl::fields(f);
  f("learning_rate_power", options_.learning_rate_power);
  f("initial_accumulator_value", options_.initial_accumulator_value);
  f("l1_regularization_strength", options_.l1_regularization_strength);
  f("l2_regularization_strength", options_.l2_regularization_strength);
  f("l2_shrinkage_regularization_strength", options_.l2_shrinkage_regularization_strength);
  f("beta", options_.beta);
}

void FtrlImpl::check_options() const {
  OptimizerImpl::check_options();
  const Options& o = options_;
  if (!(o.learning_rate_power <= 0 && std::isfinite(o.learning_rate_power))) {
    fail("{}: learning_rate_power is at most 0 and finite, got {}", who(), o.learning_rate_power);
  }
  check_at_least_0("initial_accumulator_value", o.initial_accumulator_value);
  check_at_least_0("l1_regularization_strength", o.l1_regularization_strength);
  check_at_least_0("l2_regularization_strength", o.l2_regularization_strength);
  check_at_least_0("l2_shrinkage_regularization_strength", o.l2_shrinkage_regularization_strength);
  check_at_least_0("beta", o.beta);
}

Update FtrlImpl::update(double learning_rate, std::int64_t) const {
  return [rate = static_cast<float>(learning_rate),
          power = static_cast<float>(-options_.learning_rate_power),
          l1 = static_cast<float>(options_.l1_regularization_strength),
          l2 = static_cast<float>(options_.l2_regularization_strength),
          shrinkage = static_cast<float>(options_.l2_shrinkage_regularization_strength),
          beta = static_cast<float>(options_.beta)](float* w, float* const* slots, const float* g,
                                                    std::int64_t n) {
    kernels::for_blocks(n, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        float &a = slots[0][i], &z = slots[1][i];
        const float before = std::pow(a, power), after = std::pow(a += g[i] * g[i], power);
        z += g[i] + 2 * shrinkage * w[i] - (after - before) / rate * w[i];
        w[i] = (std::clamp(z, -l1, l1) - z) / ((after + beta) / rate + 2 * l2);
      }
    });
  };
}

void RMSpropImpl::fields(Fields& f) {
  OptimizerImpl::fields(f);
  f("rho", options_.rho);
  f("momentum", options_.momentum);
  f("epsilon", options_.epsilon);
  f("centered", options_.centered);
}

void RMSpropImpl::check_options() const {
  OptimizerImpl::check_options();
  check_fraction("rho", options_.rho);
  check_fraction("momentum", options_.momentum);
  check_at_least_0("epsilon", options_.epsilon);
}

Update RMSpropImpl::update(double learning_rate, std::int64_t) const {
  return [step = rho_step(options_, learning_rate, options_.momentum), momentum = has_momentum(),
          centered = options_.centered](float* w, float* const* slots, const float* g,
                                        std::int64_t n) {
    float* mean = centered ? slots[1] : nullptr;
    float* m = momentum ? slots[centered ? 2 : 1] : nullptr;
    kernels::rmsprop(w, slots[0], mean, m, g, n, step);
  };
}

void AdadeltaImpl::fields(Fields& f) {
  OptimizerImpl::fields(f);
  f("rho", options_.rho);
  f("epsilon", options_.epsilon);
}

void AdadeltaImpl::check_options() const {
  OptimizerImpl::check_options();
  check_fraction("rho", options_.rho);
  check_at_least_0("epsilon", options_.epsilon);
}

Update AdadeltaImpl::update(double learning_rate, std::int64_t) const {
  return [step = rho_step(options_, learning_rate)](float* w, float* const* slots, const float* g,
                                                    std::int64_t n) {
    kernels::adadelta(w, slots[0], slots[1], g, n, step);
  };
}

}  // namespace kindling
