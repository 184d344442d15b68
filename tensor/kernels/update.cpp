#include <kindling/tensor/kernels/update.h>

#include <kindling/tensor/kernels/ranges.h>
#include <kindling/tensor/kernels/targets.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kindling/tensor/kernels/update.cpp"
#include <hwy/foreach_target.h>  // compiles this file once more for each instruction set

#include <hwy/highway.h>

#include <kindling/tensor/kernels/vector_loop-inl.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

using Size = std::int64_t;

void sgd(float* w, const float* g, float learning_rate, Size n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
    const auto rate = hn::Set(d, learning_rate);
    lanes.store(hn::NegMulAdd(rate, lanes.load(d, g + i), lanes.load(d, w + i)), d, w + i);
  });
}

void sgd_momentum(float* w, float* m, const float* g, float learning_rate, float momentum,
                  bool nesterov, Size n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
    const auto keep = hn::Set(d, momentum);
    const auto step = hn::Mul(hn::Set(d, learning_rate), lanes.load(d, g + i));
    const auto velocity = hn::MulSub(keep, lanes.load(d, m + i), step);
    const auto change = nesterov ? hn::MulSub(keep, velocity, step) : velocity;
    lanes.store(velocity, d, m + i);
    lanes.store(hn::Add(lanes.load(d, w + i), change), d, w + i);
  });
}

void adam(float* w, float* m, float* v, float* largest, const float* g, AdamStep step, Size n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
    const auto gradient = lanes.load(d, g + i);
    const auto old_mean = lanes.load(d, m + i);
    const auto old_square = lanes.load(d, v + i);
    const auto mean = hn::MulAdd(hn::Sub(gradient, old_mean), hn::Set(d, 1 - step.beta_1),
                                 old_mean);
    const auto square = hn::MulAdd(hn::MulSub(gradient, gradient, old_square),
                                   hn::Set(d, 1 - step.beta_2), old_square);
    lanes.store(mean, d, m + i);
    lanes.store(square, d, v + i);
    auto under_root = square;
    if (largest) {
      under_root = hn::Max(lanes.load(d, largest + i), square);
      lanes.store(under_root, d, largest + i);
    }
    const auto size = hn::Add(hn::Sqrt(under_root), hn::Set(d, step.epsilon));
    const auto change = hn::Div(hn::Mul(hn::Set(d, step.alpha), mean), size);
    lanes.store(hn::Sub(lanes.load(d, w + i), change), d, w + i);
  });
}

}  // namespace
}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kindling::kernels {

HWY_EXPORT(sgd);
HWY_EXPORT(sgd_momentum);
HWY_EXPORT(adam);

void sgd(float* w, const float* g, std::int64_t n, float learning_rate) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(sgd), w, g, learning_rate);
}
void sgd_momentum(float* w, float* m, const float* g, std::int64_t n, float learning_rate,
                  float momentum, bool nesterov) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(sgd_momentum), w, m, g, learning_rate, momentum, nesterov);
}
void adam(float* w, float* m, float* v, float* largest, const float* g, std::int64_t n,
          const AdamStep& step) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(adam), w, m, v, largest, g, step);
}

}  // namespace kindling::kernels
#endif
