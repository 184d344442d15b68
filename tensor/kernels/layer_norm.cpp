#include <kindling/tensor/kernels/layer_norm.h>

#include <cmath>

#include <kindling/tensor/kernels/ranges.h>
#include <kindling/tensor/kernels/targets.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kindling/tensor/kernels/layer_norm.cpp"
#include <hwy/foreach_target.h>  // compiles this file once more for each instruction set

#include <hwy/highway.h>

#include <kindling/tensor/kernels/row_reduce-inl.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

using Size = std::int64_t;

// Elements i.. of a row of factors, or `otherwise` where there is none.
template <class Lanes>
HWY_INLINE hn::Vec<Floats> factors(Lanes lanes, const float* row, Size i, float otherwise) {
  const Floats d;
  return row != nullptr ? lanes.load(d, row + i) : hn::Set(d, otherwise);
}

void layer_norm(const float* x, const float* gamma, const float* beta, float epsilon, Size rows,
                Size n, float* y, float* statistics) {
  const Floats d;
  for (Size r = 0; r < rows; ++r, x += n, y += n, statistics += 2) {
    const double sum = reduce_row<Sum>(n, [=](auto lanes, Size i) HWY_ATTR {
      return lanes.load(d, x + i);
    });
    const auto mean = static_cast<float>(sum / static_cast<double>(n));
    const double squares = reduce_row<Sum>(n, [=](auto lanes, Size i) HWY_ATTR {
      const auto away = hn::Sub(lanes.load(d, x + i), hn::Set(d, mean));
      return hn::Mul(away, away);
    });
    const auto scale = static_cast<float>(
        1 / std::sqrt(squares / static_cast<double>(n) + static_cast<double>(epsilon)));
    for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
      const auto away = hn::Sub(lanes.load(d, x + i), hn::Set(d, mean));
      const auto normal = hn::Mul(away, hn::Set(d, scale));
      lanes.store(hn::MulAdd(normal, factors(lanes, gamma, i, 1), factors(lanes, beta, i, 0)), d,
                  y + i);
    });
    statistics[0] = mean;
    statistics[1] = scale;
  }
}

void layer_norm_gradient(const float* x, const float* statistics, const float* gamma,
                         const float* g, Size rows, Size n, float* dx, float* scaled) {
  const Floats d;
  const double share = 1 / static_cast<double>(n);
  for (Size r = 0; r < rows; ++r, x += n, g += n, dx += n, scaled += n, statistics += 2) {
    const float mean = statistics[0], scale = statistics[1];
    const auto inner = [=](auto lanes, Size i) HWY_ATTR {
      return hn::Mul(lanes.load(d, g + i), factors(lanes, gamma, i, 1));
    };
    const double sum = reduce_row<Sum>(n, inner);
    const double product = reduce_row<Sum>(n, [=](auto lanes, Size i) HWY_ATTR {
      const auto away = hn::Sub(lanes.load(d, x + i), hn::Set(d, mean));
      const auto both = hn::Mul(hn::Mul(away, hn::Set(d, scale)), lanes.load(d, g + i));
      lanes.store(both, d, scaled + i);
      return hn::Mul(both, factors(lanes, gamma, i, 1));
    });
    const auto mean_inner = static_cast<float>(sum * share);
    const auto along = static_cast<float>(product * share);
    for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
      const auto away = hn::Sub(lanes.load(d, x + i), hn::Set(d, mean));
      const auto normal = hn::Mul(away, hn::Set(d, scale));
      const auto left = hn::Sub(inner(lanes, i), hn::Set(d, mean_inner));
      lanes.store(hn::Mul(hn::Set(d, scale), hn::NegMulAdd(normal, hn::Set(d, along), left)), d,
                  dx + i);
    });
  }
}

}  // namespace
}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kindling::kernels {

HWY_EXPORT(layer_norm);
HWY_EXPORT(layer_norm_gradient);

void layer_norm(const float* x, const float* gamma, const float* beta, float epsilon,
                std::int64_t rows, std::int64_t n, float* y, float* statistics) {
  for_rows(rows, n, [=](std::int64_t begin, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(layer_norm)(x + begin * n, gamma, beta, epsilon, end - begin, n,
                                     y + begin * n, statistics + begin * 2);
  });
}

void layer_norm_gradient(const float* x, const float* statistics, const float* gamma,
                         const float* g, std::int64_t rows, std::int64_t n, float* dx,
                         float* scaled) {
  for_rows(rows, n, [=](std::int64_t begin, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(layer_norm_gradient)(x + begin * n, statistics + begin * 2, gamma,
                                              g + begin * n, end - begin, n, dx + begin * n,
                                              scaled + begin * n);
  });
}

}  // namespace kindling::kernels
#endif
