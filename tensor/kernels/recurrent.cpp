#include <kindling/tensor/kernels/recurrent.h>

#include <algorithm>

#include <kindling/tensor/kernels/elementwise.h>
#include <kindling/tensor/kernels/gemm.h>
#include <kindling/tensor/kernels/ranges.h>
#include <kindling/tensor/kernels/scratch.h>
#include <kindling/tensor/kernels/targets.h>
#include <kindling/tensor/threads.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kindling/tensor/kernels/recurrent.cpp"
#include <hwy/foreach_target.h>  // compiles this file once more for each instruction set

#include <hwy/highway.h>

#include <kindling/tensor/kernels/vector_loop-inl.h>
#include <kindling/tensor/kernels/vector_math-inl.h>

#ifndef KINDLING_RECURRENT_ROWS
#define KINDLING_RECURRENT_ROWS
namespace kindling::kernels {

// One row of the batch at one step.
struct ForwardRow {
  const float *x, *inner, *h_before, *c_before;
  float *kept, *h, *c;
};
struct BackwardRow {
  const float *kept, *h_before, *c_before, *c;
  float *dh, *dc, *dx, *dinner;  // dh and dc: for the state after the step, then before it
};

}  // namespace kindling::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

using Size = std::int64_t;

void lstm_row(const ForwardRow& row, Size n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size at) HWY_ATTR {
    const auto gate = [&](Size k) HWY_ATTR {
      return hn::Add(lanes.load(d, row.x + k * n + at), lanes.load(d, row.inner + k * n + at));
    };
    const auto i = vector_sigmoid(d, gate(0)), f = vector_sigmoid(d, gate(1));
    const auto g = vector_tanh(d, gate(2)), o = vector_sigmoid(d, gate(3));
    const auto c = hn::MulAdd(f, lanes.load(d, row.c_before + at), hn::Mul(i, g));
    lanes.store(i, d, row.kept + at);
    lanes.store(f, d, row.kept + n + at);
    lanes.store(g, d, row.kept + 2 * n + at);
    lanes.store(o, d, row.kept + 3 * n + at);
    lanes.store(c, d, row.c + at);
    lanes.store(hn::Mul(o, vector_tanh(d, c)), d, row.h + at);
  });
}

void gru_row(const ForwardRow& row, Size n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size at) HWY_ATTR {
    const auto x = [&](Size k) HWY_ATTR { return lanes.load(d, row.x + k * n + at); };
    const auto inner = [&](Size k) HWY_ATTR { return lanes.load(d, row.inner + k * n + at); };
    const auto z = vector_sigmoid(d, hn::Add(x(0), inner(0)));
    const auto r = vector_sigmoid(d, hn::Add(x(1), inner(1)));
    const auto candidate = vector_tanh(d, hn::MulAdd(r, inner(2), x(2)));
    const auto change = hn::Sub(lanes.load(d, row.h_before + at), candidate);
    lanes.store(z, d, row.kept + at);
    lanes.store(r, d, row.kept + n + at);
    lanes.store(candidate, d, row.kept + 2 * n + at);
    lanes.store(inner(2), d, row.kept + 3 * n + at);
    lanes.store(hn::MulAdd(z, change, candidate), d, row.h + at);
  });
}

// g y (1 - y) and g (1 - y^2): through a sigmoid and a tanh, whose result is y
template <class V>
HWY_INLINE V through_sigmoid(V g, V y) {
  return hn::Mul(g, hn::NegMulAdd(y, y, y));
}
template <class V>
HWY_INLINE V through_tanh(V g, V y) {
  return hn::NegMulAdd(hn::Mul(g, y), y, g);
}

void lstm_row_gradient(const BackwardRow& row, Size n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size at) HWY_ATTR {
    const auto i = lanes.load(d, row.kept + at), f = lanes.load(d, row.kept + n + at);
    const auto g = lanes.load(d, row.kept + 2 * n + at), o = lanes.load(d, row.kept + 3 * n + at);
    const auto dh = lanes.load(d, row.dh + at);
    const auto t = vector_tanh(d, lanes.load(d, row.c + at));
    const auto dc = hn::Add(lanes.load(d, row.dc + at), through_tanh(hn::Mul(dh, o), t));
    lanes.store(through_sigmoid(hn::Mul(dc, g), i), d, row.dx + at);
    lanes.store(through_sigmoid(hn::Mul(dc, lanes.load(d, row.c_before + at)), f), d,
                row.dx + n + at);
    lanes.store(through_tanh(hn::Mul(dc, i), g), d, row.dx + 2 * n + at);
    lanes.store(through_sigmoid(hn::Mul(dh, t), o), d, row.dx + 3 * n + at);
    lanes.store(hn::Mul(dc, f), d, row.dc + at);
    lanes.store(hn::Zero(d), d, row.dh + at);
  });
}

void gru_row_gradient(const BackwardRow& row, Size n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size at) HWY_ATTR {
    const auto z = lanes.load(d, row.kept + at), r = lanes.load(d, row.kept + n + at);
    const auto candidate = lanes.load(d, row.kept + 2 * n + at);
    const auto inner = lanes.load(d, row.kept + 3 * n + at);
    const auto dh = lanes.load(d, row.dh + at);
    const auto change = hn::Sub(lanes.load(d, row.h_before + at), candidate);
    const auto dz = through_sigmoid(hn::Mul(dh, change), z);
    const auto dn = through_tanh(hn::NegMulAdd(dh, z, dh), candidate);
    const auto dr = through_sigmoid(hn::Mul(dn, inner), r);
    lanes.store(dz, d, row.dx + at);
    lanes.store(dr, d, row.dx + n + at);
    lanes.store(dn, d, row.dx + 2 * n + at);
    lanes.store(dz, d, row.dinner + at);
    lanes.store(dr, d, row.dinner + n + at);
    lanes.store(hn::Mul(dn, r), d, row.dinner + 2 * n + at);
    lanes.store(hn::Mul(dh, z), d, row.dh + at);
  });
}

}  // namespace
}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kindling::kernels {

HWY_EXPORT(lstm_row);
HWY_EXPORT(gru_row);
HWY_EXPORT(lstm_row_gradient);
HWY_EXPORT(gru_row_gradient);

namespace {

using Size = std::int64_t;

constexpr Size block_rows = 16;  // enough for the product's speed, few enough for two threads

// The states (batch, steps, units) of a sequence and the one before it (batch, units).
struct States {
  const float *first, *all;
  Size steps, units;

  // Before step t in row b of the batch; null where there are none.
  const float* before(Size b, Size t) const {
    if (first == nullptr) return nullptr;
    return t == 0 ? first + b * units : all + (b * steps + t - 1) * units;
  }
  // From a row of the batch to the next.
  Size row_step(Size t) const { return t == 0 ? units : steps * units; }
};

}  // namespace

void recurrent(const RecurrentShape& s, const RecurrentInputs& in, const RecurrentResults& out) {
  const auto row_kernel = s.cell == Cell::lstm ? HWY_DYNAMIC_DISPATCH(lstm_row)
                                               : HWY_DYNAMIC_DISPATCH(gru_row);
  const Size n = s.units, width = s.width();
  const States h{in.h, out.h, s.steps, n}, c{in.c, out.c, s.steps, n};
  parallel_ranges(s.batch, block_rows, [&](Size begin, Size end) {
    const Scratch inner((end - begin) * width, "recurrent layer");
    for (Size t = 0; t < s.steps; ++t) {
      for (Size b = begin; in.bias != nullptr && b < end; ++b) {
        std::copy_n(in.bias, width, inner.data() + (b - begin) * width);
      }
      gemm_serial(end - begin, width, n, {h.before(begin, t), h.row_step(t)}, {in.kernel, width},
                  in.bias != nullptr ? 1.0f : 0.0f, inner.data(), width);
      for (Size b = begin; b < end; ++b) {
        const Size at = b * s.steps + t;
        const ForwardRow row{.x = in.x + at * width, .inner = inner.data() + (b - begin) * width,
                             .h_before = h.before(b, t), .c_before = c.before(b, t),
                             .kept = out.kept + at * s.kept(), .h = out.h + at * n,
                             .c = at_element(out.c, at * n)};
        if (in.mask == nullptr || in.mask[at]) {
          row_kernel(row, n);
        } else {
          std::copy_n(row.h_before, n, row.h);
          if (row.c != nullptr) std::copy_n(row.c_before, n, row.c);
        }
      }
    }
  });
}

void recurrent_gradient(const RecurrentShape& s, const RecurrentInputs& in,
                        const RecurrentResults& out, const RecurrentGradients& g) {
  const auto row_kernel = s.cell == Cell::lstm ? HWY_DYNAMIC_DISPATCH(lstm_row_gradient)
                                               : HWY_DYNAMIC_DISPATCH(gru_row_gradient);
  const Size n = s.units, width = s.width();
  const States h{in.h, out.h, s.steps, n}, c{in.c, out.c, s.steps, n};
  parallel_ranges(s.batch, block_rows, [&](Size begin, Size end) {
    for (Size t = s.steps - 1; t >= 0; --t) {
      for (Size b = begin; b < end; ++b) {
        const Size at = b * s.steps + t;
        const BackwardRow row{.kept = out.kept + at * s.kept(), .h_before = h.before(b, t),
                              .c_before = c.before(b, t), .c = at_element(out.c, at * n),
                              .dh = g.dh + b * n, .dc = at_element(g.dc, b * n),
                              .dx = g.dx + at * width, .dinner = g.dinner + at * width};
        if (g.dy != nullptr) accumulate(g.dy + at * n, row.dh, n);
        if (in.mask == nullptr || in.mask[at]) {
          row_kernel(row, n);
        } else {
          std::fill_n(row.dx, width, 0.0f);
          std::fill_n(row.dinner, width, 0.0f);
        }
      }
      // dh += dinner kernel^T
      gemm_serial(end - begin, n, width, {g.dinner + (begin * s.steps + t) * width,
                  s.steps * width}, {in.kernel, width, true}, 1.0f, g.dh + begin * n, n);
    }
  });
}

}  // namespace kindling::kernels
#endif
