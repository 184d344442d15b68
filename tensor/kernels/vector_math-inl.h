// exp, log and their relatives on a vector of floats: correct over the whole range of float, where
// Highway's own stop short of its edges. The bounds are measured, at every 37th float, with
// and without fused multiply-add; one unit is the distance to the next float.
//
// To be included once an instruction set, after hwy/highway.h, as Highway's own -inl headers are.
#if defined(KINDLING_VECTOR_MATH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef KINDLING_VECTOR_MATH_INL_H
#undef KINDLING_VECTOR_MATH_INL_H
#else
#define KINDLING_VECTOR_MATH_INL_H
#endif

#include <limits>

#include <hwy/highway.h>

#include <hwy/contrib/math/math-inl.h>

#include <kindling/tensor/kernels/vector_loop-inl.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// c[0] x^n + c[1] x^(n-1) + ... + c[n]
template <class D, class V, class... Rest>
HWY_INLINE V polynomial(D d, V x, float first, Rest... rest) {
  V y = hn::Set(d, first);
  ((y = hn::MulAdd(y, x, hn::Set(d, rest))), ...);
  return y;
}

// x, or the bound that it passed; NaN stays NaN, which Min and Max don't promise.
template <class D, class V>
HWY_INLINE V at_most(D d, V x, float bound) {
  const V b = hn::Set(d, bound);
  return hn::IfThenElse(hn::Gt(x, b), b, x);
}
template <class D, class V>
HWY_INLINE V at_least(D d, V x, float bound) {
  const V b = hn::Set(d, bound);
  return hn::IfThenElse(hn::Lt(x, b), b, x);
}

// 2^n for n in [-126, 127]: n is an exponent's bits.
template <class D, class VI>
HWY_INLINE hn::Vec<D> power_of_two(D d, VI n) {
  const hn::RebindToSigned<D> di;
  return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(n, hn::Set(di, 127))));
}

// exp(x) = 2^n exp(r): n the integer nearest to x / ln 2, and exp(r) = 1 + r + tail.
template <class D>
struct SplitExp {
  hn::Vec<hn::RebindToSigned<D>> n;
  hn::Vec<D> r, r2, q;  // tail = r2 q

  HWY_INLINE hn::Vec<D> expm1() const { return hn::MulAdd(r2, q, r); }
  // 1 + r is rounded, and what it lost joins the tail.
  HWY_INLINE hn::Vec<D> exp() const {
    const hn::Vec<D> one = hn::Set(D(), 1);
    const hn::Vec<D> sum = hn::Add(one, r);
    return hn::Add(sum, hn::MulAdd(r2, q, hn::Sub(r, hn::Sub(sum, one))));
  }
};

// For |x| < 10^5. ln 2 is taken off in two pieces, the first so short that its product with n is
// exact. The polynomial is that of Cephes's expf, 4e-9 relative on [-ln 2 / 2, ln 2 / 2].
template <class D, class V>
HWY_INLINE SplitExp<D> split_exp(D d, V x) {
  const hn::RebindToSigned<D> di;
  // Adding 3 * 2^22 rounds to an integer, which then stands in the sum's low bits.
  const V magic = hn::Set(d, 0x1.8p23f);
  const V sum = hn::MulAdd(x, hn::Set(d, 1.44269504f), magic);
  const V n = hn::Sub(sum, magic);
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  const V q = polynomial(d, r, 1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                         4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f);
  return {hn::Sub(hn::BitCast(di, sum), hn::BitCast(di, magic)), r, hn::Mul(r, r), q};
}

// Within 1 unit. 2^n is multiplied in as two factors: the result may be subnormal, and 2^128
// isn't a float.
template <class D, class V>
HWY_INLINE V vector_exp(D d, V x) {
  const SplitExp<D> e = split_exp(d, at_least(d, at_most(d, x, 89), -105));
  const auto half = hn::ShiftRight<1>(e.n);
  const V y = hn::Mul(e.exp(), power_of_two(d, half));
  return hn::Mul(y, power_of_two(d, hn::Sub(e.n, half)));
}

// Within 2 units. With p = expm1(r), 2^n (1 + p) - 1 = 2 (2^(n-1) p + (2^(n-1) - 1/2)), halved
// because 2^128 isn't a float; below 2^-25 expm1(x) rounds to x, and halves of subnormals would
// lose a bit.
template <class D, class V>
HWY_INLINE V vector_expm1(D d, V x) {
  const hn::RebindToSigned<D> di;
  const SplitExp<D> e = split_exp(d, at_least(d, at_most(d, x, 89), -18));
  const V s = power_of_two(d, hn::Sub(e.n, hn::Set(di, 1)));
  const V y = hn::MulAdd(s, e.expm1(), hn::Sub(s, hn::Set(d, 0.5f)));
  return hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, 0x1p-25f)), x, hn::Add(y, y));
}

// Within 2 units. With u = expm1(2 |x|), tanh |x| = u / (u + 2); where |x| < 5/8, whose roundings
// would add up to more, Cephes's polynomial.
template <class D, class V>
HWY_INLINE V vector_tanh(D d, V x) {
  const V a = hn::Abs(x);
  const SplitExp<D> e = split_exp(d, at_most(d, hn::Add(a, a), 20));
  const V s = power_of_two(d, e.n);
  const V u = hn::MulAdd(s, e.expm1(), hn::Sub(s, hn::Set(d, 1)));
  const V large = hn::Div(u, hn::Add(u, hn::Set(d, 2)));

  const V z = hn::Mul(a, a);
  const V q = polynomial(d, z, -5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f,
                         1.33314422036e-1f, -3.33332819422e-1f);
  const V small = hn::MulAdd(hn::Mul(q, z), a, a);
  return hn::CopySign(hn::IfThenElse(hn::Lt(a, hn::Set(d, 0.625f)), small, large), x);
}

// Within 2 units. exp is taken of -|x| only, so it can't overflow, and a small result isn't a
// difference of large ones: with e = exp(-|x|) and w = e / (1 + e), 1 - w where x >= 0 and
// e - e w elsewhere. That last is w again, but with the roundings of 1 + e made small by e.
template <class D, class V>
HWY_INLINE V vector_sigmoid(D d, V x) {
  const V one = hn::Set(d, 1);
  const V e = vector_exp(d, hn::Neg(hn::Abs(x)));
  const V w = hn::Div(e, hn::Add(one, e));
  const V first = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
  return hn::NegMulAdd(first, w, first);
}

// Within 1.2 units. Where |x| < 0.93, an odd polynomial; beyond, 1 - exp of one, which is the
// logarithm of erfc. Source: N. Juffa's erff.
template <class D, class V>
HWY_INLINE V vector_erf(D d, V x) {
  const V a = at_most(d, hn::Abs(x), 4);
  const V small = polynomial(d, hn::Mul(a, a), -5.96761703e-4f, 4.99119423e-3f, -2.67681349e-2f,
                             1.12819925e-1f, -3.76125336e-1f, 1.28379166e-1f);
  const V large = polynomial(d, a, -1.72853470e-5f, 3.83197126e-4f, -3.88396438e-3f,
                             2.42546219e-2f, -1.06777877e-1f, -6.34846687e-1f, -1.28717512e-1f);
  const V y = hn::IfThenElse(hn::Lt(a, hn::Set(d, 0.927734375f)), hn::MulAdd(small, a, a),
                             hn::Sub(hn::Set(d, 1), vector_exp(d, hn::MulSub(large, a, a))));
  return hn::CopySign(y, x);
}

// log(2^k (1 + f)) for sqrt(1/2) <= 1 + f < sqrt(2). The polynomial is Cephes's logf, 4e-8
// relative; ln 2 comes in two pieces, as in split_exp.
template <class D, class V>
HWY_INLINE V log_of_split(D d, V k, V f) {
  const V z = hn::Mul(f, f);
  V y = polynomial(d, f, 7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f,
                   -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f, 2.0000714765e-1f,
                   -2.4999993993e-1f, 3.3333331174e-1f);
  y = hn::Mul(hn::Mul(y, f), z);
  y = hn::MulAdd(k, hn::Set(d, -2.12194440e-4f), y);
  y = hn::NegMulAdd(hn::Set(d, 0.5f), z, y);
  return hn::MulAdd(k, hn::Set(d, 0.693359375f), hn::Add(f, y));
}

// k of x = 2^k m for m in [sqrt(1/2), sqrt(2)); x positive, finite and not subnormal.
template <class D, class V>
HWY_INLINE hn::Vec<hn::RebindToSigned<D>> exponent(D, V x) {
  const hn::RebindToSigned<D> di;
  const auto root_half = hn::Set(di, 0x3F3504F3);  // the bits of sqrt(1/2)
  return hn::ShiftRight<23>(hn::Sub(hn::BitCast(di, x), root_half));
}

// x / 2^k
template <class D, class V, class VI>
HWY_INLINE V without_exponent(D d, V x, VI k) {
  const hn::RebindToSigned<D> di;
  return hn::BitCast(d, hn::Sub(hn::BitCast(di, x), hn::ShiftLeft<23>(k)));
}

// A logarithm's values at the ends: -inf at 0, inf at inf, NaN below 0 and for NaN.
template <class D, class V>
HWY_INLINE V with_log_ends(D d, V x, V log_x) {
  const V inf = hn::Set(d, std::numeric_limits<float>::infinity());
  const V nan = hn::Set(d, std::numeric_limits<float>::quiet_NaN());
  const V at_most_0 = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(inf), nan);
  const V above_0 = hn::IfThenElse(hn::Eq(x, inf), inf, log_x);
  return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), above_0, at_most_0);
}

// Within 1 unit. Subnormals are scaled up first.
template <class D, class V>
HWY_INLINE V vector_log(D d, V x) {
  const auto tiny = hn::Lt(x, hn::Set(d, std::numeric_limits<float>::min()));
  const V u = hn::IfThenElse(tiny, hn::Mul(x, hn::Set(d, 0x1p23f)), x);
  const auto k = exponent(d, u);
  const V f = hn::Sub(without_exponent(d, u, k), hn::Set(d, 1));
  const V scaled = hn::IfThenElseZero(tiny, hn::Set(d, 23));
  return with_log_ends(d, x, log_of_split(d, hn::Sub(hn::ConvertTo(d, k), scaled), f));
}

// Within 2 units. u = 1 + x rounds; what it lost, c, is added to f in the same measure.
template <class D, class V>
HWY_INLINE V vector_log1p(D d, V x) {
  const hn::RebindToSigned<D> di;
  const V one = hn::Set(d, 1);
  const V u = hn::Add(one, x);
  // Exact: the larger of 1 and x is taken from u first.
  const auto x_larger = hn::Gt(hn::Abs(x), one);
  const V c = hn::Sub(hn::IfThenElse(x_larger, one, x),
                      hn::Sub(u, hn::IfThenElse(x_larger, x, one)));
  const auto k = exponent(d, u);
  // 2^-k isn't a float for the largest k, but there c can't matter either.
  const V shrink = power_of_two(d, hn::Neg(hn::Min(k, hn::Set(di, 126))));
  const V f = hn::MulAdd(c, shrink, hn::Sub(without_exponent(d, u, k), one));
  return with_log_ends(d, u, log_of_split(d, hn::ConvertTo(d, k), f));
}

// Highway's sine and cosine, within 4 units, hold up to 39000; where a lane lies beyond, or isn't
// finite, the standard library takes over.
template <class D, class V, class Vector, class Scalar>
HWY_INLINE V periodic(D d, V x, Vector fast, Scalar exact) {
  const auto near = hn::Le(hn::Abs(x), hn::Set(d, 39000));
  if (hn::AllTrue(d, near)) return fast(d, x);
  return hn::IfThenElse(near, fast(d, hn::IfThenElseZero(near, x)), lane_by_lane(d, exact, x));
}

}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
