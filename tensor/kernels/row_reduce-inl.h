// Sums, largest and smallest of a row of floats.
//
// To be included once an instruction set, after hwy/highway.h, as Highway's own -inl headers are.
#if defined(KINDLING_ROW_REDUCE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef KINDLING_ROW_REDUCE_INL_H
#undef KINDLING_ROW_REDUCE_INL_H
#else
#define KINDLING_ROW_REDUCE_INL_H
#endif

#include <algorithm>
#include <limits>

#include <hwy/highway.h>

#include <kindling/tensor/kernels/vector_loop-inl.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// What joins two values into one: vectors of floats, or totals, which are doubles.
struct Sum {
  static constexpr float none = 0;  // joined to a value, leaves it as it is
  template <class D, class V>
  static HWY_INLINE V join(D, V a, V b) {
    return hn::Add(a, b);
  }
  static double join(double a, double b) { return a + b; }
  template <class D, class V>
  static HWY_INLINE float of_lanes(D d, V v) {
    return hn::GetLane(hn::SumOfLanes(d, v));
  }
};

// A NaN on either side is the result, which Highway's Max and Min don't promise.
struct Max {
  static constexpr float none = -std::numeric_limits<float>::infinity();
  template <class D, class V>
  static HWY_INLINE V join(D, V a, V b) {
    return hn::IfThenElse(hn::Or(hn::Gt(a, b), hn::IsNaN(a)), a, b);
  }
  static double join(double a, double b) { return a > b || a != a ? a : b; }
  template <class D, class V>
  static HWY_INLINE float of_lanes(D d, V v) {
    if (!hn::AllFalse(d, hn::IsNaN(v))) return std::numeric_limits<float>::quiet_NaN();
    return hn::GetLane(hn::MaxOfLanes(d, v));
  }
};

struct Min {
  static constexpr float none = std::numeric_limits<float>::infinity();
  template <class D, class V>
  static HWY_INLINE V join(D, V a, V b) {
    return hn::IfThenElse(hn::Or(hn::Lt(a, b), hn::IsNaN(a)), a, b);
  }
  static double join(double a, double b) { return a < b || a != a ? a : b; }
  template <class D, class V>
  static HWY_INLINE float of_lanes(D d, V v) {
    if (!hn::AllFalse(d, hn::IsNaN(v))) return std::numeric_limits<float>::quiet_NaN();
    return hn::GetLane(hn::MinOfLanes(d, v));
  }
};

// Joins at(lanes, i) over the vectors of [0, n). Floats are joined in four chains, so that one
// need not wait for the last, each over 64 vectors at most; what these give is joined in double, so
// that a sum's error doesn't grow with n.
template <class Op, class At>
HWY_INLINE double reduce_row(std::int64_t n, At at) {
  const Floats d;
  const auto none = hn::Set(d, Op::none);
  const std::int64_t step = lanes_of(d);
  double total = Op::none;
  std::int64_t i = 0;
  do {
    const std::int64_t end = std::min(n, i + 256 * step);
    auto a0 = none, a1 = none, a2 = none, a3 = none;
    for (; i + 4 * step <= end; i += 4 * step) {
      a0 = Op::join(d, a0, at(Whole(), i));
      a1 = Op::join(d, a1, at(Whole(), i + step));
      a2 = Op::join(d, a2, at(Whole(), i + 2 * step));
      a3 = Op::join(d, a3, at(Whole(), i + 3 * step));
    }
    for_vectors(d, end - i, [&, i](auto lanes, std::int64_t j) HWY_ATTR {
      a0 = Op::join(d, a0, lanes.or_else(d, at(lanes, i + j), Op::none));
    });
    i = end;
    const auto joined = Op::join(d, Op::join(d, a0, a1), Op::join(d, a2, a3));
    total = Op::join(total, static_cast<double>(Op::of_lanes(d, joined)));
  } while (i < n);
  return total;
}

}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
