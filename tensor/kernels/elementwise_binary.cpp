#include <kindling/tensor/kernels/elementwise.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include <kindling/tensor/kernels/broadcast_rows.h>
#include <kindling/tensor/kernels/ranges.h>
#include <kindling/tensor/kernels/targets.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kindling/tensor/kernels/elementwise_binary.cpp"
#include <hwy/foreach_target.h>  // compiles this file once more for each instruction set

#include <hwy/highway.h>

#include <kindling/tensor/kernels/vector_loop-inl.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

using Size = std::int64_t;

// Where an operand's step is neither 0 nor 1, its elements are copied together, this many a time.
constexpr Size gathered = 256;

template <class T>
HWY_NOINLINE const T* gather(const T* x, Size step, Size n, T* buffer) {
  for (Size i = 0; i < n; ++i) buffer[i] = x[i * step];
  return buffer;
}

// store(lanes, f(d, a[i], b[i]), i) along one row, of which one operand may be a single element.
template <class T, class F, class Store>
HWY_INLINE void map_row(const T* a, bool one_a, const T* b, bool one_b, Size n, F f,
                        Store store) {
  const hn::ScalableTag<T> d;
  if (one_a) {
    const auto repeated = hn::Set(d, *a);
    for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
      store(lanes, f(d, repeated, lanes.load(d, b + i)), i);
    });
  } else if (one_b) {
    const auto repeated = hn::Set(d, *b);
    for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
      store(lanes, f(d, lanes.load(d, a + i), repeated), i);
    });
  } else {
    for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
      store(lanes, f(d, lanes.load(d, a + i), lanes.load(d, b + i)), i);
    });
  }
}

// Elements [begin, end) of a walk's result: store(lanes, f(d, a[..], b[..]), where in c).
template <class T, class Out, class F, class Store>
HWY_INLINE void map_walk(const Broadcast& walk, const T* a, const T* b, Out* c, Size begin,
                         Size end, F f, Store store) {
  T a_buffer[gathered], b_buffer[gathered];
  for (BroadcastRows row(walk, begin, end); row.n > 0; row.next()) {
    const bool one_a = row.a_step == 0 && row.b_step == 1;
    const bool one_b = row.b_step == 0 && row.a_step == 1;
    const bool direct = one_a || one_b || (row.a_step == 1 && row.b_step == 1);
    const Size most = direct ? row.n : gathered;
    for (Size at = 0; at < row.n; at += most) {
      const Size n = std::min(most, row.n - at);
      const T* from_a = a + row.a + at * row.a_step;
      const T* from_b = b + row.b + at * row.b_step;
      if (!direct) {
        from_a = gather(from_a, row.a_step, n, a_buffer);
        from_b = gather(from_b, row.b_step, n, b_buffer);
      }
      Out* const to = c + row.c + at;
      map_row(from_a, one_a, from_b, one_b, n, f, [=](auto lanes, auto v, Size i) HWY_ATTR {
        store(lanes, v, to + i);
      });
    }
  }
}

template <class F>
HWY_INLINE void map_floats(const Broadcast& walk, const float* a, const float* b, float* c,
                           Size begin, Size end, F f) {
  map_walk(walk, a, b, c, begin, end, f, [](auto lanes, auto v, float* to) HWY_ATTR {
    lanes.store(v, Floats(), to);
  });
}

void add(const Broadcast& walk, const float* a, const float* b, float* c, Size begin, Size end) {
  map_floats(walk, a, b, c, begin, end, [](auto, auto x, auto y) HWY_ATTR {
    return hn::Add(x, y);
  });
}
void subtract(const Broadcast& walk, const float* a, const float* b, float* c, Size begin,
              Size end) {
  map_floats(walk, a, b, c, begin, end, [](auto, auto x, auto y) HWY_ATTR {
    return hn::Sub(x, y);
  });
}
void multiply(const Broadcast& walk, const float* a, const float* b, float* c, Size begin,
              Size end) {
  map_floats(walk, a, b, c, begin, end, [](auto, auto x, auto y) HWY_ATTR {
    return hn::Mul(x, y);
  });
}
void divide(const Broadcast& walk, const float* a, const float* b, float* c, Size begin,
            Size end) {
  map_floats(walk, a, b, c, begin, end, [](auto, auto x, auto y) HWY_ATTR {
    return hn::Div(x, y);
  });
}
// A NaN in either operand is the result.
void maximum(const Broadcast& walk, const float* a, const float* b, float* c, Size begin,
             Size end) {
  map_floats(walk, a, b, c, begin, end, [](auto, auto x, auto y) HWY_ATTR {
    return hn::IfThenElse(hn::Or(hn::Gt(x, y), hn::IsNaN(x)), x, y);
  });
}
void minimum(const Broadcast& walk, const float* a, const float* b, float* c, Size begin,
             Size end) {
  map_floats(walk, a, b, c, begin, end, [](auto, auto x, auto y) HWY_ATTR {
    return hn::IfThenElse(hn::Or(hn::Lt(x, y), hn::IsNaN(x)), x, y);
  });
}
void power(const Broadcast& walk, const float* a, const float* b, float* c, Size begin,
           Size end) {
  map_floats(walk, a, b, c, begin, end, [](auto d, auto x, auto y) HWY_ATTR {
    return lane_by_lane(d, [](float base, float exponent) { return std::pow(base, exponent); },
                        x, y);
  });
}

// a > b is asked as b < a.
template <class T>
HWY_INLINE void compare(Comparison op, const Broadcast& walk, const T* a, const T* b, bool* c,
                        Size begin, Size end) {
  const auto by = [&](auto test) HWY_ATTR {
    map_walk(walk, a, b, c, begin, end, test, [](auto lanes, auto mask, bool* to) HWY_ATTR {
      store_mask(lanes, hn::ScalableTag<T>(), mask, to);
    });
  };
  if (op == Comparison::equal) {
    by([](auto, auto x, auto y) HWY_ATTR { return hn::Eq(x, y); });
  } else if (op == Comparison::not_equal) {
    // Highway's Ne says no to NaN on some machines.
    by([](auto, auto x, auto y) HWY_ATTR { return hn::Not(hn::Eq(x, y)); });
  } else if (op == Comparison::less) {
    by([](auto, auto x, auto y) HWY_ATTR { return hn::Lt(x, y); });
  } else {
    by([](auto, auto x, auto y) HWY_ATTR { return hn::Or(hn::Lt(x, y), hn::Eq(x, y)); });
  }
}

void compare_floats(Comparison op, const Broadcast& walk, const float* a, const float* b, bool* c,
                    Size begin, Size end) {
  compare(op, walk, a, b, c, begin, end);
}
void compare_ints(Comparison op, const Broadcast& walk, const std::int32_t* a,
                  const std::int32_t* b, bool* c, Size begin, Size end) {
  compare(op, walk, a, b, c, begin, end);
}

}  // namespace
}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kindling::kernels {
namespace {

// kernel(begin, end) over the elements of the walk's result.
template <class Kernel>
void over(const Broadcast& walk, Kernel kernel) {
  std::int64_t elements = 1;
  for (int axis = 0; axis < walk.rank; ++axis) elements *= walk.size[axis];
  for_blocks(elements, kernel);
}

template <class Kernel>
void binary(Kernel* kernel, const Broadcast& walk, const float* a, const float* b, float* c) {
  over(walk, [&](std::int64_t begin, std::int64_t end) { kernel(walk, a, b, c, begin, end); });
}

}  // namespace

HWY_EXPORT(add);
HWY_EXPORT(subtract);
HWY_EXPORT(multiply);
HWY_EXPORT(divide);
HWY_EXPORT(maximum);
HWY_EXPORT(minimum);
HWY_EXPORT(power);
HWY_EXPORT(compare_floats);
HWY_EXPORT(compare_ints);

void add(const Broadcast& walk, const float* a, const float* b, float* c) {
  binary(HWY_DYNAMIC_DISPATCH(add), walk, a, b, c);
}
void subtract(const Broadcast& walk, const float* a, const float* b, float* c) {
  binary(HWY_DYNAMIC_DISPATCH(subtract), walk, a, b, c);
}
void multiply(const Broadcast& walk, const float* a, const float* b, float* c) {
  binary(HWY_DYNAMIC_DISPATCH(multiply), walk, a, b, c);
}
void divide(const Broadcast& walk, const float* a, const float* b, float* c) {
  binary(HWY_DYNAMIC_DISPATCH(divide), walk, a, b, c);
}
void maximum(const Broadcast& walk, const float* a, const float* b, float* c) {
  binary(HWY_DYNAMIC_DISPATCH(maximum), walk, a, b, c);
}
void minimum(const Broadcast& walk, const float* a, const float* b, float* c) {
  binary(HWY_DYNAMIC_DISPATCH(minimum), walk, a, b, c);
}
void power(const Broadcast& walk, const float* a, const float* b, float* c) {
  binary(HWY_DYNAMIC_DISPATCH(power), walk, a, b, c);
}

namespace {

template <class T, class Kernel>
void compare_with(Kernel* kernel, Comparison op, Broadcast walk, const T* a, const T* b,
                  bool* c) {
  if (op == Comparison::greater || op == Comparison::greater_equal) {
    op = op == Comparison::greater ? Comparison::less : Comparison::less_equal;
    std::swap(a, b);
    std::swap(walk.a_step, walk.b_step);
  }
  over(walk, [&](std::int64_t begin, std::int64_t end) {
    kernel(op, walk, a, b, c, begin, end);
  });
}

}  // namespace

void compare(Comparison op, const Broadcast& walk, const float* a, const float* b, bool* c) {
  compare_with(HWY_DYNAMIC_DISPATCH(compare_floats), op, walk, a, b, c);
}
void compare(Comparison op, const Broadcast& walk, const std::int32_t* a, const std::int32_t* b,
             bool* c) {
  compare_with(HWY_DYNAMIC_DISPATCH(compare_ints), op, walk, a, b, c);
}

void finish_rows(const float* bias, PointwiseKernel* activation, std::int64_t rows,
                 std::int64_t width, float* y) {
  for_rows(rows, width, [&](std::int64_t begin, std::int64_t end) {
    float* const to = y + begin * width;
    if (bias != nullptr && width == 1) {
      affine(to, 1, bias[0], to, end - begin);
    } else if (bias != nullptr) {
      add({.rank = 2, .size = {end - begin, width}, .a_step = {width, 1}, .b_step = {0, 1}}, to,
          bias, to);
    }
    if (activation != nullptr) activation(to, to, (end - begin) * width);
  });
}

}  // namespace kindling::kernels
#endif
