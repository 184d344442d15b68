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

void SGDImpl::update(Tensor& weight, Tensors& slots, const Tensor& gradient, std::int64_t) {
  float* w = weight.mutable_floats().data();
  const auto learning_rate = static_cast<float>(options_.learning_rate);
  const float* g = gradient.floats().data();
  if (slots.empty()) {
    kernels::sgd(w, g, weight.elements(), learning_rate);
  } else {
    kernels::sgd_momentum(w, slots[0].mutable_floats().data(), g, weight.elements(),
                          learning_rate, static_cast<float>(options_.momentum),
                          options_.nesterov);
  }
}

}  // namespace kindling
