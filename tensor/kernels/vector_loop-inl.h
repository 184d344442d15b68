// The one loop over vectors: whole ones first, then what is left, with the same body.
//
// To be included once an instruction set, after hwy/highway.h, as Highway's own -inl headers are.
#if defined(KINDLING_VECTOR_LOOP_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef KINDLING_VECTOR_LOOP_INL_H
#undef KINDLING_VECTOR_LOOP_INL_H
#else
#define KINDLING_VECTOR_LOOP_INL_H
#endif

#include <cstdint>
#include <cstring>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;

template <class D>
HWY_INLINE std::int64_t lanes_of(D d) {
  return static_cast<std::int64_t>(hn::Lanes(d));
}

// How a loop's body reads and writes: all lanes of a vector, ...
struct Whole {
  template <class D>
  HWY_INLINE hn::Vec<D> load(D d, const hn::TFromD<D>* p) const {
    return hn::LoadU(d, p);
  }
  template <class D>
  HWY_INLINE void store(hn::Vec<D> v, D d, hn::TFromD<D>* p) const {
    hn::StoreU(v, d, p);
  }
  template <class D, class V>
  HWY_INLINE V or_else(D, V v, float) const {
    return v;
  }
};

// ... or the first `count` lanes, the others being zero and memory beyond them left alone.
struct Part {
  std::int64_t count;

  // AVX2 and later skip lanes in memory; elsewhere Highway's masks touch all of it.
  template <class D>
  static constexpr bool masks_memory() {
    return (HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3) && sizeof(hn::TFromD<D>) == 4;
  }
  template <class D>
  HWY_INLINE auto mask(D d) const {
    return hn::FirstN(d, static_cast<std::size_t>(count));
  }

  template <class D>
  HWY_INLINE hn::Vec<D> load(D d, const hn::TFromD<D>* p) const {
    if constexpr (masks_memory<D>()) {
      return hn::MaskedLoad(mask(d), d, p);
    } else {
      HWY_ALIGN hn::TFromD<D> lanes[hn::MaxLanes(d)] = {};
      std::memcpy(lanes, p, static_cast<std::size_t>(count) * sizeof(lanes[0]));
      return hn::Load(d, lanes);
    }
  }
  template <class D>
  HWY_INLINE void store(hn::Vec<D> v, D d, hn::TFromD<D>* p) const {
    if constexpr (masks_memory<D>()) {
      hn::BlendedStore(v, mask(d), d, p);
    } else {
      HWY_ALIGN hn::TFromD<D> lanes[hn::MaxLanes(d)];
      hn::Store(v, d, lanes);
      std::memcpy(p, lanes, static_cast<std::size_t>(count) * sizeof(lanes[0]));
    }
  }
  // v, with the lanes beyond set to `other`.
  template <class D, class V>
  HWY_INLINE V or_else(D d, V v, float other) const {
    return hn::IfThenElse(mask(d), v, hn::Set(d, other));
  }
};

// body(lanes, i) for i = 0, N, 2 N ... below n, where N is the vector's size and `lanes` a Whole
// or, at last, a Part.
template <class D, class Body>
HWY_INLINE void for_vectors(D d, std::int64_t n, Body body) {
  const std::int64_t step = lanes_of(d);
  std::int64_t i = 0;
  for (; i + step <= n; i += step) body(Whole(), i);
  if (i < n) body(Part{n - i}, i);
}

// Booleans in memory are bytes; a mask is made of as many as the vector has lanes.
template <class D>
using Bytes = hn::Rebind<std::uint8_t, D>;

template <class Lanes, class D>
HWY_INLINE hn::Mask<D> load_mask(Lanes lanes, D d, const bool* p) {
  const auto bytes = lanes.load(Bytes<D>(), reinterpret_cast<const std::uint8_t*>(p));
  const hn::RebindToSigned<D> di;
  const auto words = hn::PromoteTo(di, bytes);
  return hn::MaskFromVec(hn::BitCast(d, hn::VecFromMask(di, hn::Gt(words, hn::Zero(di)))));
}

template <class Lanes, class D>
HWY_INLINE void store_mask(Lanes lanes, D d, hn::Mask<D> mask, bool* p) {
  const hn::RebindToSigned<D> di;
  const auto words = hn::And(hn::BitCast(di, hn::VecFromMask(d, mask)), hn::Set(di, 1));
  lanes.store(hn::DemoteTo(Bytes<D>(), words), Bytes<D>(), reinterpret_cast<std::uint8_t*>(p));
}

// f of each lane: for functions of the standard library.
template <class D, class F, class... V>
HWY_INLINE hn::Vec<D> lane_by_lane(D d, F f, V... v) {
  constexpr std::size_t count = hn::MaxLanes(d);
  HWY_ALIGN float in[sizeof...(V)][count];
  HWY_ALIGN float out[count];
  std::size_t row = 0;
  (hn::Store(v, d, in[row++]), ...);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
    if constexpr (sizeof...(V) == 1) {
      out[i] = f(in[0][i]);
    } else {
      out[i] = f(in[0][i], in[1][i]);
    }
  }
  return hn::Load(d, out);
}

}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
