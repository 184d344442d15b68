// tanh(q + k) for many pairs of a query q and a key k, two queries at a time, in three forms: what
// a pair costs depends on how large q and k can be. With u = exp(2q) and a = exp(-2k),
//
//   tanh(q + k) = (u - a) / (u + a) = 1 - 2 r,   r = a / (u + a),   tanh'(q + k) = 4 r (1 - r)
//
// so that the exponentials are taken once an element of q and of k, and a pair takes an addition
// and a quotient. Two quotients come from one division, p / x = y (p / (x y)): a division keeps a
// unit that multiplies as busy as six or seven products do (measured on Zen 3), and three quotients
// a division or an estimate with a Newton step are no faster; the estimate also has other bits on
// each make of processor.
//
// To be included once an instruction set, after hwy/highway.h, as Highway's own -inl headers are.
#if defined(KINDLING_ADDITIVE_FORMS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef KINDLING_ADDITIVE_FORMS_INL_H
#undef KINDLING_ADDITIVE_FORMS_INL_H
#else
#define KINDLING_ADDITIVE_FORMS_INL_H
#endif

#include <hwy/highway.h>

#include <kindling/tensor/kernels/vector_math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

using Vector = hn::Vec<Floats>;

HWY_INLINE Vector load(const float* from) { return hn::Load(Floats(), from); }
HWY_INLINE void store(Vector v, float* to) { hn::Store(v, Floats(), to); }
HWY_INLINE Vector all(float x) { return hn::Set(Floats(), x); }

// exp(2x), and exp(2x) - 1 with all its digits where x is small. For |x| < 43.
struct Exponentials {
  Vector exp, expm1;

  HWY_INLINE explicit Exponentials(Vector x) {
    const auto split = split_exp(Floats(), x + x);
    const Vector power = power_of_two(Floats(), split.n);
    exp = power * split.exp();
    expm1 = hn::MulAdd(power, split.expm1(), power - all(1.0f));
  }
};

struct Two {
  Vector first, second;
};

// A form says what q and k are replaced by, k by two numbers a and b, and what stands for the tanh
// of a pair of these:
//
//   value                   tanh = tanh_factor * value + tanh_offset; from the scale's gradient the
//                           offset falls out, since a query's ds sum up to zero
//   slope(g, g value)       g tanh' = slope_factor * slope
//   add_values(scale, ...)  adds scale * value to the sums of two queries
//
// Forms differ in what they round: scale * value in the sums isn't bit for bit scale * values().

// Small values keep their digits: u = exp(2q) - 1 and a = exp(-2k) - 1 have all of theirs.
struct NearZero {
  // Beyond, what Moderate rounds, 1e-7 of a tanh, is as little beside the largest.
  static constexpr float bound = 0.0625f;
  static constexpr float tanh_factor = 1, tanh_offset = 0, slope_factor = 1;

  static HWY_INLINE Vector prepare_query(Vector q) { return Exponentials(q).expm1; }
  static HWY_INLINE Two prepare_key(Vector k, Vector) {
    const Vector a = Exponentials(hn::Neg(k)).expm1;
    return {a, a + all(2.0f)};
  }
  static HWY_INLINE Two values(Vector u, Vector v, Vector a, Vector b) {
    return quotients(all(1.0f), u, v, a, b);
  }
  static HWY_INLINE void add_values(Vector scale, Vector u, Vector v, Vector a, Vector b,
                                    Two& sums) {
    const Two t = quotients(scale, u, v, a, b);
    sums = {sums.first + t.first, sums.second + t.second};
  }
  static HWY_INLINE Vector slope(Vector g, Vector g_value, Vector value) {
    return hn::NegMulAdd(g_value, value, g);
  }

 private:
  static HWY_INLINE Two quotients(Vector p, Vector u, Vector v, Vector a, Vector b) {
    const Vector x = u + b, y = v + b, e = p / (x * y);
    return {(u - a) * (y * e), (v - a) * (x * e)};
  }
};

// The value is r.
struct Moderate {
  // u and a lie between exp(-40) = 4e-18 and exp(40) = 2e17: the product of two sums can neither
  // overflow nor be subnormal. Terms that cancel cost nothing, however large they are: u / a is
  // within some units in its last place, so that tanh, which changes by at most 1/2 when that
  // changes by its own size, is within 2e-7.
  static constexpr float bound = 20.0f;
  static constexpr float tanh_factor = -2, tanh_offset = 1, slope_factor = 4;

  static HWY_INLINE Vector prepare_query(Vector q) { return Exponentials(q).exp; }
  static HWY_INLINE Two prepare_key(Vector k, Vector scale) {
    const Vector a = Exponentials(hn::Neg(k)).exp;
    return {a, scale * a};
  }
  static HWY_INLINE Two values(Vector u, Vector v, Vector a, Vector) {
    const Vector x = u + a, y = v + a, e = a / (x * y);
    return {y * e, x * e};
  }
  static HWY_INLINE void add_values(Vector, Vector u, Vector v, Vector a, Vector b, Two& sums) {
    const Vector x = u + a, y = v + a, e = b / (x * y);
    sums = {hn::MulAdd(y, e, sums.first), hn::MulAdd(x, e, sums.second)};
  }
  static HWY_INLINE Vector slope(Vector, Vector g_value, Vector value) {
    return hn::NegMulAdd(g_value, value, g_value);
  }
};

// Any values, at the price of an exponential a pair; it is taken of -|q + k|, so it can't overflow.
struct Unbounded {
  static constexpr float tanh_factor = 1, tanh_offset = 0, slope_factor = 1;

  static HWY_INLINE Vector prepare_query(Vector q) { return q; }
  static HWY_INLINE Two prepare_key(Vector k, Vector) { return {k, k}; }
  static HWY_INLINE Two values(Vector q, Vector p, Vector k, Vector) {
    return {tanh(q + k), tanh(p + k)};
  }
  static HWY_INLINE void add_values(Vector scale, Vector q, Vector p, Vector k, Vector,
                                    Two& sums) {
    sums.first = hn::MulAdd(scale, tanh(q + k), sums.first);
    sums.second = hn::MulAdd(scale, tanh(p + k), sums.second);
  }
  static HWY_INLINE Vector slope(Vector g, Vector g_value, Vector value) {
    return hn::NegMulAdd(g_value, value, g);
  }

 private:
  static HWY_INLINE Vector tanh(Vector x) {
    // Beyond 40, tanh is 1.
    const Exponentials of(at_least(Floats(), hn::Neg(hn::Abs(x)), -40.0f));
    return hn::CopySign(of.expm1 / (of.expm1 + all(2.0f)), x);
  }
};

}  // namespace
}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
