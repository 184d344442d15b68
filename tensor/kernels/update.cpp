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

// A vector of weights with their moments, and Adam's step on it.
struct AdamVector {
  hn::Vec<Floats> w, mean, square, largest;

  template <class Lanes>
  HWY_INLINE AdamVector(Lanes lanes, const float* weight, const float* m, const float* v,
                        const float* most) {
    const Floats d;
    w = lanes.load(d, weight);
    mean = lanes.load(d, m);
    square = lanes.load(d, v);
    largest = most ? lanes.load(d, most) : hn::Zero(d);
  }

  HWY_INLINE void step(hn::Vec<Floats> gradient, const AdamStep& step, bool amsgrad) {
    const Floats d;
    mean = hn::MulAdd(hn::Sub(gradient, mean), hn::Set(d, 1 - step.beta_1), mean);
    square = hn::MulAdd(hn::MulSub(gradient, gradient, square), hn::Set(d, 1 - step.beta_2),
                        square);
    if (amsgrad) largest = hn::Max(largest, square);
    const auto root = hn::Sqrt(amsgrad ? largest : square);
    const auto ahead = hn::Mul(hn::Set(d, step.beta), gradient);
    const auto change = hn::Div(hn::MulAdd(hn::Set(d, step.alpha), mean, ahead),
                                hn::Add(root, hn::Set(d, step.epsilon)));
    w = hn::Sub(w, change);
  }

  template <class Lanes>
  HWY_INLINE void store(Lanes lanes, float* weight, float* m, float* v, float* most) const {
    const Floats d;
    lanes.store(w, d, weight);
    lanes.store(mean, d, m);
    lanes.store(square, d, v);
    if (most) lanes.store(largest, d, most);
  }
};

void adam(float* w, float* m, float* v, float* largest, const float* g, AdamStep step, Size n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
    float* const most = largest ? largest + i : nullptr;
    AdamVector x(lanes, w + i, m + i, v + i, most);
    x.step(lanes.load(d, g + i), step, largest != nullptr);
    x.store(lanes, w + i, m + i, v + i, most);
  });
}

void adam_at_rest(float* w, float* m, float* v, float* largest, std::span<const AdamStep> steps,
                  Size n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
    float* const most = largest ? largest + i : nullptr;
    AdamVector x(lanes, w + i, m + i, v + i, most);
    for (const AdamStep& step : steps) x.step(hn::Zero(d), step, largest != nullptr);
    x.store(lanes, w + i, m + i, v + i, most);
  });
}

void adamax(float* w, float* m, float* u, const float* g, AdamStep step, Size n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
    const auto gradient = lanes.load(d, g + i);
    const auto old_mean = lanes.load(d, m + i);
    const auto mean = hn::MulAdd(hn::Sub(gradient, old_mean), hn::Set(d, 1 - step.beta_1),
                                 old_mean);
    const auto largest = hn::Max(hn::Mul(hn::Set(d, step.beta_2), lanes.load(d, u + i)),
                                 hn::Abs(gradient));
    lanes.store(mean, d, m + i);
    lanes.store(largest, d, u + i);
    const auto size = hn::Add(largest, hn::Set(d, step.epsilon));
    const auto change = hn::Div(hn::Mul(hn::Set(d, step.alpha), mean), size);
    lanes.store(hn::Sub(lanes.load(d, w + i), change), d, w + i);
  });
}

void lion(float* w, float* m, const float* g, float learning_rate, float beta_1, float beta_2,
          Size n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
    const auto gradient = lanes.load(d, g + i);
    const auto mean = lanes.load(d, m + i);
    const auto mixed = [&](float beta) HWY_ATTR {
      return hn::MulAdd(mean, hn::Set(d, beta), hn::Mul(gradient, hn::Set(d, 1 - beta)));
    };
    const auto direction = mixed(beta_1);
    const auto signed_rate = hn::CopySign(hn::Set(d, learning_rate), direction);
    const auto moves = hn::Gt(hn::Abs(direction), hn::Zero(d));  // else it is 0 or NaN
    lanes.store(mixed(beta_2), d, m + i);
    lanes.store(hn::Sub(lanes.load(d, w + i), hn::IfThenElse(moves, signed_rate, direction)), d,
                w + i);
  });
}

void adagrad(float* w, float* a, const float* g, float learning_rate, float epsilon, Size n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
    const auto gradient = lanes.load(d, g + i);
    const auto squares = hn::MulAdd(gradient, gradient, lanes.load(d, a + i));
    lanes.store(squares, d, a + i);
    const auto size = hn::Sqrt(hn::Add(squares, hn::Set(d, epsilon)));
    const auto change = hn::Div(hn::Mul(hn::Set(d, learning_rate), gradient), size);
    lanes.store(hn::Sub(lanes.load(d, w + i), change), d, w + i);
  });
}

// The decaying mean of x: rho * mean + take * x.
template <class V>
HWY_INLINE V decayed(V mean, V x, const RhoStep& step) {
  const Floats d;
  return hn::MulAdd(hn::Set(d, step.rho), mean, hn::Mul(hn::Set(d, step.take), x));
}

void adadelta(float* w, float* a, float* changes, const float* g, RhoStep step, Size n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
    const auto gradient = lanes.load(d, g + i);
    const auto epsilon = hn::Set(d, step.epsilon);
    const auto before = lanes.load(d, changes + i);
    const auto squares = decayed(lanes.load(d, a + i), hn::Mul(gradient, gradient), step);
    const auto delta = hn::Div(hn::Mul(gradient, hn::Sqrt(hn::Add(before, epsilon))),
                               hn::Sqrt(hn::Add(squares, epsilon)));
    lanes.store(squares, d, a + i);
    lanes.store(decayed(before, hn::Mul(delta, delta), step), d, changes + i);
    const auto rate = hn::Set(d, step.learning_rate);
    lanes.store(hn::NegMulAdd(rate, delta, lanes.load(d, w + i)), d, w + i);
  });
}

void rmsprop(float* w, float* v, float* mean, float* m, const float* g, RhoStep step, Size n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
    const auto gradient = lanes.load(d, g + i);
    auto under_root = decayed(lanes.load(d, v + i), hn::Mul(gradient, gradient), step);
    lanes.store(under_root, d, v + i);
    if (mean) {
      const auto average = decayed(lanes.load(d, mean + i), gradient, step);
      lanes.store(average, d, mean + i);
      // A variance, below 0 by rounding alone.
      under_root = hn::Max(hn::NegMulAdd(average, average, under_root), hn::Zero(d));
    }
    const auto size = hn::Sqrt(hn::Add(under_root, hn::Set(d, step.epsilon)));
    auto change = hn::Div(hn::Mul(hn::Set(d, step.learning_rate), gradient), size);
    if (m) {
      change = hn::MulAdd(hn::Set(d, step.momentum), lanes.load(d, m + i), change);
      lanes.store(change, d, m + i);
    }
    lanes.store(hn::Sub(lanes.load(d, w + i), change), d, w + i);
  });
}

void moving_average(const float* w, float* average, float momentum, Size n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
    const auto fresh = hn::Mul(hn::Set(d, 1 - momentum), lanes.load(d, w + i));
    lanes.store(hn::MulAdd(hn::Set(d, momentum), lanes.load(d, average + i), fresh), d,
                average + i);
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
HWY_EXPORT(adam_at_rest);
HWY_EXPORT(adamax);
HWY_EXPORT(lion);
HWY_EXPORT(adagrad);
HWY_EXPORT(adadelta);
HWY_EXPORT(rmsprop);
HWY_EXPORT(moving_average);

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
void adam_at_rest(float* w, float* m, float* v, float* largest, std::int64_t n,
                  std::span<const AdamStep> steps) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(adam_at_rest), w, m, v, largest, steps);
}
void adamax(float* w, float* m, float* u, const float* g, std::int64_t n, const AdamStep& step) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(adamax), w, m, u, g, step);
}
void lion(float* w, float* m, const float* g, std::int64_t n, float learning_rate, float beta_1,
          float beta_2) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(lion), w, m, g, learning_rate, beta_1, beta_2);
}
void adagrad(float* w, float* a, const float* g, std::int64_t n, float learning_rate,
             float epsilon) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(adagrad), w, a, g, learning_rate, epsilon);
}
void adadelta(float* w, float* a, float* d, const float* g, std::int64_t n, const RhoStep& step) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(adadelta), w, a, d, g, step);
}
void rmsprop(float* w, float* v, float* mean, float* m, const float* g, std::int64_t n,
             const RhoStep& step) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(rmsprop), w, v, mean, m, g, step);
}
void moving_average(const float* w, float* average, std::int64_t n, float momentum) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(moving_average), w, average, momentum);
}

}  // namespace kindling::kernels
#endif
