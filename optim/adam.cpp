#include <kindling/optim/adam.h>

#include <cmath>

#include <kindling/optim/common_options.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/kernels/update.h>

namespace kindling {

void AdamImpl::fields(Fields& f) {
  detail::common_fields(f, options_);
  f("beta_1", options_.beta_1);
  f("beta_2", options_.beta_2);
  f("epsilon", options_.epsilon);
  f("amsgrad", options_.amsgrad);
}

void AdamImpl::check_options() const {
  check_common();
  for (const double beta : {options_.beta_1, options_.beta_2}) {
    if (!(beta >= 0 && static_cast<float>(beta) < 1)) {  // as float32 it is used
      fail("{}: beta_1 and beta_2 are in [0, 1), also as float32, got {}", who(), beta);
    }
  }
  if (!(options_.epsilon >= 0 && std::isfinite(options_.epsilon))) {
    fail("{}: epsilon is at least 0, got {}", who(), options_.epsilon);
  }
}

CommonOptimizerOptions AdamImpl::common() const { return detail::common_of(options_); }

Update AdamImpl::update(std::int64_t iteration) const {
  // Rounded first: 1 - 0.999f is off by 1.3e-5, and a correction for the same beta makes up for it.
  const auto beta_1 = static_cast<float>(options_.beta_1);
  const auto beta_2 = static_cast<float>(options_.beta_2);
  const auto t = static_cast<double>(iteration);
  const double correction = std::sqrt(1 - std::pow(static_cast<double>(beta_2), t)) /
                            (1 - std::pow(static_cast<double>(beta_1), t));
  const kernels::AdamStep step{.alpha = static_cast<float>(options_.learning_rate * correction),
                               .beta_1 = beta_1,
                               .beta_2 = beta_2,
                               .epsilon = static_cast<float>(options_.epsilon)};
  return [step, amsgrad = options_.amsgrad](float* w, float* const* slots, const float* g,
                                            std::int64_t n) {
    kernels::adam(w, slots[0], slots[1], amsgrad ? slots[2] : nullptr, g, n, step);
  };
}

}  // namespace kindling
