#include <kindling/tensor/kernels/pooling.h>

#include <algorithm>

#include <kindling/tensor/kernels/ranges.h>
#include <kindling/tensor/kernels/targets.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kindling/tensor/kernels/pooling.cpp"
#include <hwy/foreach_target.h>  // compiles this file once more for each instruction set

#include <hwy/highway.h>

#include <kindling/tensor/kernels/row_reduce-inl.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

using Size = std::int64_t;

// Calls body(first step, how many, window) for windows [begin, end) of a sequence.
template <class Body>
HWY_INLINE void for_windows(const PoolGeometry& p, Size begin, Size end, Body body) {
  for (Size w = begin; w < end; ++w) {
    const Size from = w * p.stride - p.pad_left;
    const Size first = std::max<Size>(0, from);
    body(first, std::min(p.steps, from + p.size) - first, w);
  }
}

template <class Op, bool mean>
HWY_INLINE void pool(const PoolGeometry& p, const float* x, float* y, Size begin, Size end) {
  const Floats d;
  const Size channels = p.channels;
  for_windows(p, begin, end, [=](Size first, Size count, Size w) HWY_ATTR {
    for_vectors(d, channels, [=](auto lanes, Size c) HWY_ATTR {
      const float* from = x + first * channels + c;
      auto joined = lanes.load(d, from);
      for (Size i = 1; i < count; ++i) {
        joined = Op::join(d, joined, lanes.load(d, from += channels));
      }
      if constexpr (mean) joined = hn::Div(joined, hn::Set(d, static_cast<float>(count)));
      lanes.store(joined, d, y + w * channels + c);
    });
  });
}

void max_pool(const PoolGeometry& p, const float* x, float* y, Size begin, Size end) {
  pool<Max, false>(p, x, y, begin, end);
}
void average_pool(const PoolGeometry& p, const float* x, float* y, Size begin, Size end) {
  pool<Sum, true>(p, x, y, begin, end);
}

void max_pool_gradient(const PoolGeometry& p, const float* x, const float* y, const float* g,
                       float* dx) {
  const Floats d;
  const Size channels = p.channels;
  for_windows(p, 0, p.windows, [=](Size first, Size count, Size w) HWY_ATTR {
    for_vectors(d, channels, [=](auto lanes, Size c) HWY_ATTR {
      const auto largest = lanes.load(d, y + w * channels + c);
      auto rest = lanes.load(d, g + w * channels + c);  // what nobody has got yet
      for (Size at = first * channels + c, i = 0; i < count; ++i, at += channels) {
        const auto found = hn::Eq(lanes.load(d, x + at), largest);
        lanes.store(hn::Add(lanes.load(d, dx + at), hn::IfThenElseZero(found, rest)), d, dx + at);
        rest = hn::IfThenZeroElse(found, rest);
      }
    });
  });
}

void average_pool_gradient(const PoolGeometry& p, const float* g, float* dx) {
  const Floats d;
  const Size channels = p.channels;
  for_windows(p, 0, p.windows, [=](Size first, Size count, Size w) HWY_ATTR {
    for_vectors(d, channels, [=](auto lanes, Size c) HWY_ATTR {
      const auto share = hn::Div(lanes.load(d, g + w * channels + c),
                                 hn::Set(d, static_cast<float>(count)));
      for (Size at = first * channels + c, i = 0; i < count; ++i, at += channels) {
        lanes.store(hn::Add(lanes.load(d, dx + at), share), d, dx + at);
      }
    });
  });
}

}  // namespace
}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kindling::kernels {
namespace {

// Windows lie apart: parallel over all of them.
template <class Kernel>
void forward(Kernel* kernel, const PoolGeometry& p, const float* x, float* y) {
  const std::int64_t window = p.channels * p.size;
  const std::int64_t block = std::min(p.windows, rows_per_block(window));
  const std::int64_t blocks = block > 0 ? quotient_up(p.windows, block) : 0;
  for_rows(p.batch * blocks, block * window, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t b = i / blocks, first = i % blocks * block;
      kernel(p, x + b * p.steps * p.channels, y + b * p.windows * p.channels, first,
             std::min(p.windows, first + block));
    }
  });
}

// Steps may be seen by several windows: parallel over sequences.
template <class Backward>
void backward(const PoolGeometry& p, float* dx, Backward of_sequence) {
  const std::int64_t in = p.steps * p.channels, out = p.windows * p.channels;
  for_rows(p.batch, in + out * p.size, [&](std::int64_t begin, std::int64_t end) {
    std::fill(dx + begin * in, dx + end * in, 0.0f);
    for (std::int64_t b = begin; b < end; ++b) of_sequence(b * in, b * out);
  });
}

}  // namespace

HWY_EXPORT(max_pool);
HWY_EXPORT(average_pool);
HWY_EXPORT(max_pool_gradient);
HWY_EXPORT(average_pool_gradient);

void max_pool(const PoolGeometry& p, const float* x, float* y) {
  forward(HWY_DYNAMIC_DISPATCH(max_pool), p, x, y);
}
void average_pool(const PoolGeometry& p, const float* x, float* y) {
  forward(HWY_DYNAMIC_DISPATCH(average_pool), p, x, y);
}
void max_pool_gradient(const PoolGeometry& p, const float* x, const float* y, const float* g,
                       float* dx) {
  backward(p, dx, [&](std::int64_t in, std::int64_t out) {
    HWY_DYNAMIC_DISPATCH(max_pool_gradient)(p, x + in, y + out, g + out, dx + in);
  });
}
void average_pool_gradient(const PoolGeometry& p, const float* g, float* dx) {
  backward(p, dx, [&](std::int64_t in, std::int64_t out) {
    HWY_DYNAMIC_DISPATCH(average_pool_gradient)(p, g + out, dx + in);
  });
}

}  // namespace kindling::kernels
#endif
