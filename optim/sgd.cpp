#include <kindling/optim/sgd.h>

#include <kindling/tensor/kernels/update.h>

namespace kindling {

void SGDImpl::fields(Fields& f) {
  OptimizerImpl::fields(f);
  f("momentum", options_.momentum);
  f("nesterov", options_.nesterov);
}

void SGDImpl::check_options() const {
  OptimizerImpl::check_options();
  check_fraction("momentum", options_.momentum);
}

Update SGDImpl::update(double learning_rate, std::int64_t) const {
  const auto rate = static_cast<float>(learning_rate);
  const auto momentum = static_cast<float>(options_.momentum);
  if (slots() == 0) {
    return [rate](float* w, float* const*, const float* g, std::int64_t n) {
      kernels::sgd(w, g, n, rate);
    };
  }
  return [rate, momentum, nesterov = options_.nesterov](float* w, float* const* slots,
                                                        const float* g, std::int64_t n) {
    kernels::sgd_momentum(w, slots[0], g, n, rate, momentum, nesterov);
  };
}

}  // namespace kindling
