#include <kindling/tensor/kernels/reduce.h>

#include <algorithm>
#include <cmath>

#include <kindling/tensor/kernels/ranges.h>
#include <kindling/tensor/kernels/targets.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kindling/tensor/kernels/softmax.cpp"
#include <hwy/foreach_target.h>  // compiles this file once more for each instruction set

#include <hwy/highway.h>

#include <kindling/tensor/kernels/row_reduce-inl.h>
#include <kindling/tensor/kernels/vector_math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

using Size = std::int64_t;

// Where the largest number is infinite, takes others whose softmax is the limit of theirs, in y:
// 0 for the infinite ones, which share all, and minus infinity.
void to_limit(const float*& x, float& largest, float* y, Size n) {
  if (largest != INFINITY) return;
  std::transform(x, x + n, y, [](float v) { return v == INFINITY ? 0.0f : v - INFINITY; });
  x = y;
  largest = 0;
}

// y = exp(x - largest) / sum of these, which wait in y for their sum. keep(lanes, i, v, other)
// is v in the lanes that count, the others being `other`.
template <class Keep>
HWY_INLINE void softmax_row(const float* x, float* y, Size n, Keep keep) {
  const Floats d;
  auto largest = static_cast<float>(reduce_row<Max>(n, [=](auto lanes, Size i) HWY_ATTR {
    return keep(lanes, i, lanes.load(d, x + i), hn::Set(d, Max::none));
  }));
  to_limit(x, largest, y, n);
  const double sum = reduce_row<Sum>(n, [=](auto lanes, Size i) HWY_ATTR {
    const auto above = hn::Sub(lanes.load(d, x + i), hn::Set(d, largest));
    const auto e = keep(lanes, i, vector_exp(d, above), hn::Zero(d));
    lanes.store(e, d, y + i);
    return e;
  });
  const auto scale = static_cast<float>(1 / sum);
  for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
    lanes.store(hn::Mul(lanes.load(d, y + i), hn::Set(d, scale)), d, y + i);
  });
}

void softmax(const float* x, float* y, Size rows, Size n) {
  for (Size r = 0; r < rows; ++r) {
    softmax_row(x + r * n, y + r * n, n, [](auto, Size, auto v, auto) HWY_ATTR { return v; });
  }
}

void masked_softmax(const float* x, const bool* mask, float* y, Size rows, Size n) {
  for (Size r = 0; r < rows; ++r) {
    const bool* const m = mask + r * n;
    if (std::find(m, m + n, true) == m + n) {
      std::fill_n(y + r * n, n, 0.0f);
      continue;
    }
    softmax_row(x + r * n, y + r * n, n, [=](auto lanes, Size i, auto v, auto other) HWY_ATTR {
      return hn::IfThenElse(load_mask(lanes, Floats(), m + i), v, other);
    });
  }
}

// y = (x - largest) - log(sum of exp(x - largest))
void log_softmax(const float* all, float* y, Size rows, Size n) {
  const Floats d;
  for (Size r = 0; r < rows; ++r, y += n) {
    const float* x = all + r * n;
    auto largest = static_cast<float>(reduce_row<Max>(n, [=](auto lanes, Size i) HWY_ATTR {
      return lanes.load(d, x + i);
    }));
    to_limit(x, largest, y, n);
    const double sum = reduce_row<Sum>(n, [=](auto lanes, Size i) HWY_ATTR {
      return vector_exp(d, hn::Sub(lanes.load(d, x + i), hn::Set(d, largest)));
    });
    const auto log_sum = static_cast<float>(std::log(sum));
    for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
      const auto above = hn::Sub(lanes.load(d, x + i), hn::Set(d, largest));
      lanes.store(hn::Sub(above, hn::Set(d, log_sum)), d, y + i);
    });
  }
}

void softmax_gradient(const float* g, const float* y, float* dx, Size rows, Size n) {
  const Floats d;
  for (Size r = 0; r < rows; ++r, g += n, y += n, dx += n) {
    const auto dot = static_cast<float>(reduce_row<Sum>(n, [=](auto lanes, Size i) HWY_ATTR {
      return hn::Mul(lanes.load(d, g + i), lanes.load(d, y + i));
    }));
    for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
      const auto above = hn::Sub(lanes.load(d, g + i), hn::Set(d, dot));
      lanes.store(hn::Mul(lanes.load(d, y + i), above), d, dx + i);
    });
  }
}

void log_softmax_gradient(const float* g, const float* y, float* dx, Size rows, Size n) {
  const Floats d;
  for (Size r = 0; r < rows; ++r, g += n, y += n, dx += n) {
    const auto sum = static_cast<float>(reduce_row<Sum>(n, [=](auto lanes, Size i) HWY_ATTR {
      return lanes.load(d, g + i);
    }));
    for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
      const auto p = vector_exp(d, lanes.load(d, y + i));
      lanes.store(hn::NegMulAdd(p, hn::Set(d, sum), lanes.load(d, g + i)), d, dx + i);
    });
  }
}

}  // namespace
}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kindling::kernels {
namespace {

// kernel(arguments..., rows, n) on blocks of whole rows; pointers move to each block's first row.
template <class Kernel, class... Pointers>
void in_rows(std::int64_t rows, std::int64_t n, Kernel* kernel, Pointers... pointers) {
  // An exponential costs several times what a block's size was chosen for.
  for_rows(rows, 4 * n, [&](std::int64_t begin, std::int64_t end) {
    kernel(at_element(pointers, begin * n)..., end - begin, n);
  });
}

}  // namespace

HWY_EXPORT(softmax);
HWY_EXPORT(masked_softmax);
HWY_EXPORT(log_softmax);
HWY_EXPORT(softmax_gradient);
HWY_EXPORT(log_softmax_gradient);

void softmax(const float* x, std::int64_t rows, std::int64_t n, float* y) {
  in_rows(rows, n, HWY_DYNAMIC_DISPATCH(softmax), x, y);
}
void log_softmax(const float* x, std::int64_t rows, std::int64_t n, float* y) {
  in_rows(rows, n, HWY_DYNAMIC_DISPATCH(log_softmax), x, y);
}
void masked_softmax(const float* x, const bool* mask, std::int64_t rows, std::int64_t n,
                    float* y) {
  in_rows(rows, n, HWY_DYNAMIC_DISPATCH(masked_softmax), x, mask, y);
}
void softmax_gradient(const float* g, const float* y, std::int64_t rows, std::int64_t n,
                      float* dx) {
  in_rows(rows, n, HWY_DYNAMIC_DISPATCH(softmax_gradient), g, y, dx);
}
void log_softmax_gradient(const float* g, const float* y, std::int64_t rows, std::int64_t n,
                          float* dx) {
  in_rows(rows, n, HWY_DYNAMIC_DISPATCH(log_softmax_gradient), g, y, dx);
}

}  // namespace kindling::kernels
#endif
