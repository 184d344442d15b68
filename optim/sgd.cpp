#include <kindling/optim/sgd.h>

#include <kindling/optim/common_options.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/kernels/update.h>

namespace kindling {

void SGDImpl::fields(Fields& f) {
  detail::common_fields(f, options_);
  f("momentum", options_.momentum);
  f("nesterov", options_.nesterov);
}

void SGDImpl::check_options() const {
  check_common();
  if (!(options_.momentum >= 0 && options_.momentum <= 1)) {
    fail("{}: momentum is in [0, 1], got {}", who(), options_.momentum);
  }
}

CommonOptimizerOptions SGDImpl::common() const { return detail::common_of(options_); }

Update SGDImpl::update(std::int64_t) const {
  const auto rate = static_cast<float>(options_.learning_rate);
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
