// tanh(q + k) and its derivative for many pairs of a query q and a key k, in three forms: what a
// pair costs depends on how large q and k can be. E = exp(2q) exp(2k) throughout, and
//
//   tanh(q + k) = (E - 1) / (E + 1),   r = 1 / (E + 1),   tanh'(q + k) = 4 r (1 - r) = 4 r (E r)
//
// Each pair takes one division. Two cheaper reciprocals, a machine's estimate with a Newton step
// and two quotients over one division, were no faster where this was measured (Zen 3), and the
// estimate has other bits on each make of processor.
//
// To be included once an instruction set, after hwy/highway.h, as Highway's own -inl headers are.
#if defined(KINDLING_ADDITIVE_SCORES_FORMS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef KINDLING_ADDITIVE_SCORES_FORMS_INL_H
#undef KINDLING_ADDITIVE_SCORES_FORMS_INL_H
#else
#define KINDLING_ADDITIVE_SCORES_FORMS_INL_H
#endif

#include <hwy/highway.h>

#include <kindling/tensor/kernels/vector_math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

using Floats = hn::ScalableTag<float>;
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

// g tanh(q + k), and g tanh'(q + k) / 4.
struct Derivatives {
  Vector tanh, slope;
};

// A form says what q and k are replaced by, k by two numbers a and b, and computes pairs of these.

// Small values keep their digits: E - 1 = (exp(2q) - 1) exp(2k) + (exp(2k) - 1).
struct NearZero {
  // Beyond, the terms of that sum would lose more when they cancel than E - 1 itself does.
  static constexpr float bound = 0.5f;

  static HWY_INLINE void prepare_query(float* q) { store(Exponentials(load(q)).expm1, q); }
  static HWY_INLINE void prepare_key(float* k, float* b) {
    const Exponentials of(load(k));
    store(of.exp, k);
    store(of.expm1, b);
  }
  static HWY_INLINE Vector tanh(Vector u, Vector a, Vector b) {
    const Vector w = hn::MulAdd(u, a, b);
    return w / (w + all(2.0f));
  }
  static HWY_INLINE Derivatives derivatives(Vector g, Vector u, Vector a, Vector b) {
    const Vector w = hn::MulAdd(u, a, b);
    const Vector r = all(1.0f) / (w + all(2.0f));
    const Vector gr = g * r;
    return {gr * w, hn::NegMulAdd(gr, r, gr)};
  }
};

// E is the product.
struct Moderate {
  // E lies between exp(-80) = 2e-35 and exp(80) = 6e34: it can't overflow, and neither it nor r
  // is subnormal. Terms that cancel cost nothing, however large they are: E is within some units
  // in its last place, so that tanh, which changes by at most 1/2 when E changes by its own size,
  // is within 2e-7.
  static constexpr float bound = 20.0f;

  static HWY_INLINE void prepare_query(float* q) { store(Exponentials(load(q)).exp, q); }
  static HWY_INLINE void prepare_key(float* k, float*) { store(Exponentials(load(k)).exp, k); }
  static HWY_INLINE Vector tanh(Vector e, Vector a, Vector) {
    const Vector w = hn::MulSub(e, a, all(1.0f));
    return w / (w + all(2.0f));
  }
  static HWY_INLINE Derivatives derivatives(Vector g, Vector e, Vector a, Vector) {
    const Vector product = e * a;
    const Vector r = all(1.0f) / (product + all(1.0f));
    const Vector rest = product * r;  // 1 - r
    return {g * (rest - r), g * r * rest};
  }
};

// Any values, at the price of an exponential a pair; it is taken of -|q + k|, so it can't overflow.
struct Unbounded {
  static HWY_INLINE void prepare_query(float*) {}
  static HWY_INLINE void prepare_key(float*, float*) {}
  static HWY_INLINE Vector tanh(Vector q, Vector k, Vector) {
    const Pair pair(q + k);
    return hn::CopySign(pair.of.expm1 * pair.r, q + k);
  }
  static HWY_INLINE Derivatives derivatives(Vector g, Vector q, Vector k, Vector) {
    const Pair pair(q + k);
    return {g * hn::CopySign(pair.of.expm1 * pair.r, q + k), g * pair.of.exp * pair.r * pair.r};
  }

 private:
  struct Pair {
    Exponentials of;
    Vector r;

    // Beyond 40, tanh is 1 and its derivative, below 1e-33, might as well be zero.
    HWY_INLINE explicit Pair(Vector x)
        : of(at_least(Floats(), hn::Neg(hn::Abs(x)), -40.0f)),
          r(all(1.0f) / (of.expm1 + all(2.0f))) {}
  };
};

}  // namespace
}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
