#include <kindling/tensor/kernels/elementwise.h>

#include <cmath>

#include <kindling/tensor/kernels/ranges.h>
#include <kindling/tensor/kernels/targets.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kindling/tensor/kernels/elementwise.cpp"
#include <hwy/foreach_target.h>  // compiles this file once more for each instruction set

#include <hwy/highway.h>

#include <kindling/tensor/kernels/vector_loop-inl.h>
#include <kindling/tensor/kernels/vector_math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

using Size = std::int64_t;

// y[i] = f(d, x[i])
template <class F>
HWY_INLINE void map(const float* x, float* y, Size n, F f) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
    lanes.store(f(d, lanes.load(d, x + i)), d, y + i);
  });
}

// c[i] = f(d, a[i], b[i])
template <class F>
HWY_INLINE void map(const float* a, const float* b, float* c, Size n, F f) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
    lanes.store(f(d, lanes.load(d, a + i), lanes.load(d, b + i)), d, c + i);
  });
}

void negative(const float* x, float* y, Size n) {
  map(x, y, n, [](auto, auto v) HWY_ATTR { return hn::Neg(v); });
}
void absolute(const float* x, float* y, Size n) {
  map(x, y, n, [](auto, auto v) HWY_ATTR { return hn::Abs(v); });
}
void square(const float* x, float* y, Size n) {
  map(x, y, n, [](auto, auto v) HWY_ATTR { return hn::Mul(v, v); });
}
void sqrt(const float* x, float* y, Size n) {
  map(x, y, n, [](auto, auto v) HWY_ATTR { return hn::Sqrt(v); });
}
void reciprocal(const float* x, float* y, Size n) {
  map(x, y, n, [](auto d, auto v) HWY_ATTR { return hn::Div(hn::Set(d, 1), v); });
}
void exp(const float* x, float* y, Size n) {
  map(x, y, n, [](auto d, auto v) HWY_ATTR { return vector_exp(d, v); });
}
void expm1(const float* x, float* y, Size n) {
  map(x, y, n, [](auto d, auto v) HWY_ATTR { return vector_expm1(d, v); });
}
void log(const float* x, float* y, Size n) {
  map(x, y, n, [](auto d, auto v) HWY_ATTR { return vector_log(d, v); });
}
void log1p(const float* x, float* y, Size n) {
  map(x, y, n, [](auto d, auto v) HWY_ATTR { return vector_log1p(d, v); });
}
void sin(const float* x, float* y, Size n) {
  map(x, y, n, [](auto d, auto v) HWY_ATTR {
    return periodic(
        d, v, [](auto tag, auto w) HWY_ATTR { return hn::Sin(tag, w); },
        [](float w) { return std::sin(w); });
  });
}
void cos(const float* x, float* y, Size n) {
  map(x, y, n, [](auto d, auto v) HWY_ATTR {
    return periodic(
        d, v, [](auto tag, auto w) HWY_ATTR { return hn::Cos(tag, w); },
        [](float w) { return std::cos(w); });
  });
}
void erf(const float* x, float* y, Size n) {
  map(x, y, n, [](auto d, auto v) HWY_ATTR { return vector_erf(d, v); });
}
void tanh(const float* x, float* y, Size n) {
  map(x, y, n, [](auto d, auto v) HWY_ATTR { return vector_tanh(d, v); });
}
void sigmoid(const float* x, float* y, Size n) {
  map(x, y, n, [](auto d, auto v) HWY_ATTR { return vector_sigmoid(d, v); });
}
void relu(const float* x, float* y, Size n) {
  map(x, y, n, [](auto d, auto v) HWY_ATTR {
    return hn::IfThenZeroElse(hn::Le(v, hn::Zero(d)), v);  // NaN stays NaN
  });
}
void sign(const float* x, float* y, Size n) {
  map(x, y, n, [](auto d, auto v) HWY_ATTR {
    const auto one = hn::Set(d, 1);
    const auto zero = hn::Zero(d);
    const auto not_above = hn::IfThenElse(hn::Lt(v, zero), hn::Neg(one), v);  // v: zero or NaN
    return hn::IfThenElse(hn::Gt(v, zero), one, not_above);
  });
}
void affine(const float* x, float scale, float offset, float* y, Size n) {
  map(x, y, n, [=](auto d, auto v) HWY_ATTR {
    return hn::MulAdd(hn::Set(d, scale), v, hn::Set(d, offset));
  });
}
void clip(const float* x, float low, float high, float* y, Size n) {
  map(x, y, n, [=](auto d, auto v) HWY_ATTR {
    return at_least(d, at_most(d, v, high), low);
  });
}

void tanh_gradient(const float* g, const float* y, float* dx, Size n) {
  map(g, y, dx, n, [](auto d, auto dy, auto t) HWY_ATTR {
    return hn::Mul(dy, hn::NegMulAdd(t, t, hn::Set(d, 1)));
  });
}
void sigmoid_gradient(const float* g, const float* y, float* dx, Size n) {
  map(g, y, dx, n, [](auto d, auto dy, auto s) HWY_ATTR {
    return hn::Mul(hn::Mul(dy, s), hn::Sub(hn::Set(d, 1), s));
  });
}
void relu_gradient(const float* g, const float* y, float* dx, Size n) {
  map(g, y, dx, n, [](auto d, auto dy, auto r) HWY_ATTR {
    return hn::IfThenElseZero(hn::Gt(r, hn::Zero(d)), dy);
  });
}
void accumulate(const float* x, float* y, Size n) {
  map(x, y, y, n, [](auto, auto a, auto b) HWY_ATTR { return hn::Add(a, b); });
}

void select(const bool* condition, const float* a, const float* b, float* c, Size n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, Size i) HWY_ATTR {
    const auto mask = load_mask(lanes, d, condition + i);
    lanes.store(hn::IfThenElse(mask, lanes.load(d, a + i), lanes.load(d, b + i)), d, c + i);
  });
}

}  // namespace
}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kindling::kernels {

HWY_EXPORT(negative);
HWY_EXPORT(absolute);
HWY_EXPORT(square);
HWY_EXPORT(sqrt);
HWY_EXPORT(reciprocal);
HWY_EXPORT(exp);
HWY_EXPORT(expm1);
HWY_EXPORT(log);
HWY_EXPORT(log1p);
HWY_EXPORT(sin);
HWY_EXPORT(cos);
HWY_EXPORT(erf);
HWY_EXPORT(tanh);
HWY_EXPORT(sigmoid);
HWY_EXPORT(relu);
HWY_EXPORT(sign);
HWY_EXPORT(affine);
HWY_EXPORT(clip);
HWY_EXPORT(tanh_gradient);
HWY_EXPORT(sigmoid_gradient);
HWY_EXPORT(relu_gradient);
HWY_EXPORT(accumulate);
HWY_EXPORT(select);

using std::int64_t;

void negative(const float* x, float* y, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(negative), x, y);
}
void absolute(const float* x, float* y, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(absolute), x, y);
}
void square(const float* x, float* y, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(square), x, y);
}
void sqrt(const float* x, float* y, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(sqrt), x, y);
}
void reciprocal(const float* x, float* y, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(reciprocal), x, y);
}
void exp(const float* x, float* y, int64_t n) { in_blocks(n, HWY_DYNAMIC_DISPATCH(exp), x, y); }
void expm1(const float* x, float* y, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(expm1), x, y);
}
void log(const float* x, float* y, int64_t n) { in_blocks(n, HWY_DYNAMIC_DISPATCH(log), x, y); }
void log1p(const float* x, float* y, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(log1p), x, y);
}
void sin(const float* x, float* y, int64_t n) { in_blocks(n, HWY_DYNAMIC_DISPATCH(sin), x, y); }
void cos(const float* x, float* y, int64_t n) { in_blocks(n, HWY_DYNAMIC_DISPATCH(cos), x, y); }
void erf(const float* x, float* y, int64_t n) { in_blocks(n, HWY_DYNAMIC_DISPATCH(erf), x, y); }
void tanh(const float* x, float* y, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(tanh), x, y);
}
void sigmoid(const float* x, float* y, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(sigmoid), x, y);
}
void relu(const float* x, float* y, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(relu), x, y);
}
void sign(const float* x, float* y, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(sign), x, y);
}
void affine(const float* x, float scale, float offset, float* y, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(affine), x, scale, offset, y);
}
void clip(const float* x, float low, float high, float* y, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(clip), x, low, high, y);
}
void tanh_gradient(const float* g, const float* y, float* dx, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(tanh_gradient), g, y, dx);
}
void sigmoid_gradient(const float* g, const float* y, float* dx, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(sigmoid_gradient), g, y, dx);
}
void relu_gradient(const float* g, const float* y, float* dx, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(relu_gradient), g, y, dx);
}
void accumulate(const float* x, float* y, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(accumulate), x, y);
}
void select(const bool* condition, const float* a, const float* b, float* c, int64_t n) {
  in_blocks(n, HWY_DYNAMIC_DISPATCH(select), condition, a, b, c);
}

}  // namespace kindling::kernels
#endif
