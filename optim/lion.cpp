#include <kindling/optim/lion.h>

#include <kindling/tensor/fail.h>
#include <kindling/tensor/kernels/update.h>

namespace kindling {

void LionImpl::fields(Fields& f) {
  OptimizerImpl::fields(f);
  f("beta_1", options_.beta_1);
  f("beta_2", options_.beta_2);
}

void LionImpl::check_options() const {
  OptimizerImpl::check_options();
  if (!(options_.beta_1 > 0 && options_.beta_1 <= 1)) {
    fail("{}: beta_1 is in (0, 1], got {}", who(), options_.beta_1);
  }
  check_fraction("beta_2", options_.beta_2);
}

Update LionImpl::update(double learning_rate, std::int64_t) const {
  return [rate = static_cast<float>(learning_rate), beta_1 = static_cast<float>(options_.beta_1),
          beta_2 = static_cast<float>(options_.beta_2)](float* w, float* const* slots,
                                                        const float* g, std::int64_t n) {
    kernels::lion(w, slots[0], g, n, rate, beta_1, beta_2);
  };
}

}  // namespace kindling
