#include <kindling/optim/adagrad.h>

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
