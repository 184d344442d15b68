// What is computed for pairs of queries and keys of a tile: their scores, and the way back.
//
// To be included once an instruction set, after hwy/highway.h, as Highway's own -inl headers are.
#if defined(KINDLING_ADDITIVE_PAIRS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef KINDLING_ADDITIVE_PAIRS_INL_H
#undef KINDLING_ADDITIVE_PAIRS_INL_H
#else
#define KINDLING_ADDITIVE_PAIRS_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>

#include <kindling/tensor/kernels/additive_forms-inl.h>
#include <kindling/tensor/kernels/additive_tile.h>
#include <kindling/tensor/kernels/ranges.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

using std::int64_t;
using Memory = AdditiveTileMemory;

int64_t lanes() { return lanes_of(Floats()); }

// to[n] = the sum of the lanes of v[n].
#if HWY_TARGET == HWY_SCALAR
HWY_INLINE void store_sums_of_lanes(const Vector (&v)[4], float* to) {
  for (int n = 0; n < 4; ++n) to[n] = hn::GetLane(v[n]);
}
#else
// Blocks of four lanes, one sum in each, are added up.
template <class D>
HWY_INLINE void store_sum_of_blocks(D d, hn::Vec<D> v, float* to) {
  if constexpr (hn::MaxLanes(D()) <= 4) {
    hn::StoreU(v, d, to);
  } else {
    const hn::Half<D> half;
    store_sum_of_blocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)), to);
  }
}
HWY_INLINE void store_sums_of_lanes(const Vector (&v)[4], float* to) {
  const Floats d;
  const hn::Repartition<double, Floats> pairs;
  const auto two = [=](Vector a, Vector b) HWY_ATTR {
    return hn::BitCast(pairs, hn::InterleaveLower(d, a, b) + hn::InterleaveUpper(d, a, b));
  };
  const auto first = two(v[0], v[1]), second = two(v[2], v[3]);
  const Vector lower = hn::BitCast(d, hn::InterleaveLower(pairs, first, second));
  const Vector upper = hn::BitCast(d, hn::InterleaveUpper(pairs, first, second));
  store_sum_of_blocks(d, lower + upper, to);
}
#endif

// A score is summed up in stretches of so many vectors of channels. What the tanh have beside the
// values (additive_forms-inl.h) is each stretch's start, so that no sum grows far beyond the score.
constexpr int64_t stretch_vectors = 16;

// sums[n] over the stretch of channels that begins at d, of queries i and i + 1 with key j + n.
// Lanes run over the depth; all sums stay in registers. add(scale, u, v, a, b, sums, n, d) adds
// what a key gives.
template <class Add>
HWY_INLINE void sum_stretch(const Memory& at, int64_t i, int64_t j, int64_t d, Two (&sums)[4],
                            Add add) {
  // In registers: the compiler takes a vector's store for one that may change `at`.
  const int64_t step = at.step, key_step = at.key_step;
  const int64_t end = std::min(at.depth, d + stretch_vectors * lanes());
  const float* const query = at.query + i * step;
  const float* const key = at.key + j * key_step;
  const float* const scales = at.scale;
  const Vector offset = load(at.offset + d / stretch_vectors);
  for (Two& sum : sums) sum = {offset, offset};
  for (; d < end; d += lanes()) {
    const Vector scale = load(scales + d);
    const Vector u = load(query + d), v = load(query + step + d);
    for (int n = 0; n < 4; ++n) {
      const float* const row = key + n * key_step + d;
      add(scale, u, v, load(row), load(row + step), sums[n], n, d);
    }
  }
}

// The scores of queries i and i + 1 with the keys [j, j + 4), in two rows.
template <class Add>
HWY_INLINE void score(const Memory& at, int64_t i, int64_t j, float* scores, int64_t row_step,
                      Add add) {
  Two sums[4];
  sum_stretch(at, i, j, 0, sums, add);
  const int64_t stretch = stretch_vectors * lanes();
  for (int64_t d = stretch; HWY_UNLIKELY(d < at.depth); d += stretch) {
    Two more[4];
    sum_stretch(at, i, j, d, more, add);
    for (int n = 0; n < 4; ++n) {
      sums[n] = {sums[n].first + more[n].first, sums[n].second + more[n].second};
    }
  }
  store_sums_of_lanes({sums[0].first, sums[1].first, sums[2].first, sums[3].first}, scores);
  store_sums_of_lanes({sums[0].second, sums[1].second, sums[2].second, sums[3].second},
                      scores + row_step);
}

// The keys from j on that are seen: mask[j...] is 1, and j below the limit.
HWY_INLINE hn::Mask<Floats> seen(const float* mask, int64_t limit, int64_t j) {
  const Floats d;
  const auto near = hn::FirstN(d, static_cast<std::size_t>(std::max<int64_t>(0, limit - j)));
  return hn::And(near, hn::Gt(load(mask + j), all(0)));
}

// One step back over two queries and a few keys [first, last), of `keys` that count.
template <class Form>
struct PairGradients {
  const Memory& at;
  const float* mask;
  int64_t keys;

  struct Query {
    bool blind;
    int64_t limit;
    SoftmaxOf softmax;
    float delta;
    float* dp;  // a row; null for the one behind the last of an odd number
  };

  void operator()(int64_t i, int64_t first, const Query (&queries)[2]) const {
    const int64_t last = std::min(first + additive_kept_keys, round_up(keys, 4));
    HWY_ALIGN float scores[2 * additive_kept_keys];
    for (int64_t j = first; j < last; j += 4) keep(i, j, j - first, scores + j - first);
    HWY_ALIGN float ds[2 * additive_kept_keys];
    for (int m = 0; m < 2; ++m) {
      weigh(queries[m], first, last, scores + m * additive_kept_keys, ds + m * additive_kept_keys);
    }
    // Two vectors of channels at a time share what is loaded for a pair.
    int64_t d = 0;
    for (; d + 2 * lanes() <= at.step && d + lanes() < at.depth; d += 2 * lanes()) {
      add<2>(i, first, last, ds, d);
    }
    for (; d < at.depth; d += lanes()) add<1>(i, first, last, ds, d);
  }

 private:
  // Key j is the n-th of those that are kept.
  HWY_INLINE void keep(int64_t i, int64_t j, int64_t n, float* scores) const {
    float* const kept = at.kept + 2 * n * at.step;
    const int64_t step = at.step;
    score(at, i, j, scores, additive_kept_keys,
          [=](Vector scale, Vector u, Vector v, Vector a, Vector b, Two& sums, int key,
              int64_t d) HWY_ATTR {
            const Two values = Form::values(u, v, a, b);
            store(values.first, kept + 2 * key * step + d);
            store(values.second, kept + (2 * key + 1) * step + d);
            sums = {hn::MulAdd(scale, values.first, sums.first),
                    hn::MulAdd(scale, values.second, sums.second)};
          });
  }

  // dp becomes the weights, and ds their scores' gradient.
  void weigh(const Query& query, int64_t first, int64_t last, const float* scores,
             float* ds) const {
    for (int64_t n = 0; n < additive_kept_keys; n += lanes()) {
      if (query.dp == nullptr || first + n >= last) {
        store(all(0), ds + n);
        continue;
      }
      const int64_t j = first + n;
      Vector weight = all(query.softmax.factor);
      if (!query.blind) {
        // A score may come out a little above the largest of the way there.
        const Vector below = load(scores + n) - all(query.softmax.largest);
        const Vector e = vector_exp(Floats(), at_most(Floats(), below, 0));
        weight = hn::IfThenElseZero(seen(mask, query.limit, j), e) * weight;
      }
      // Behind the last key dp is whatever was there.
      const auto is_key =
          hn::FirstN(Floats(), static_cast<std::size_t>(std::max<int64_t>(0, keys - j)));
      const Vector dp = load(query.dp + j) - all(query.delta);
      store(hn::IfThenElseZero(is_key, weight * dp), ds + n);
      store(weight, query.dp + j);
    }
  }

  // Some vectors of channels: sums of ds tanh' for queries and keys, of ds tanh for the scale.
  template <int vectors>
  HWY_INLINE void add(int64_t i, int64_t first, int64_t last, const float* ds, int64_t d) const {
    const int64_t step = at.step, key_step = at.key_step, width = lanes();
    float* const dquery = at.dquery + i * step + d;
    Vector query_sum[2][vectors], scale_sum[2][vectors];
    for (int m = 0; m < 2; ++m) {
      for (int v = 0; v < vectors; ++v) {
        query_sum[m][v] = load(dquery + m * step + v * width);
        scale_sum[m][v] = all(0);
      }
    }
    const float* kept = at.kept + d;
    float* key = at.key + first * key_step + 2 * step + d;
    for (int64_t j = first; j < last; ++j, ++ds, key += key_step) {
      Vector key_sum[vectors];
      for (int v = 0; v < vectors; ++v) key_sum[v] = load(key + v * width);
      for (int m = 0; m < 2; ++m, kept += step) {
        const Vector g = all(ds[m * additive_kept_keys]);
        for (int v = 0; v < vectors; ++v) {
          const Vector value = load(kept + v * width), g_value = g * value;
          const Vector slope = Form::slope(g, g_value, value);
          query_sum[m][v] = query_sum[m][v] + slope;
          key_sum[v] = key_sum[v] + slope;
          scale_sum[m][v] = scale_sum[m][v] + g_value;
        }
      }
      for (int v = 0; v < vectors; ++v) store(key_sum[v], key + v * width);
    }
    for (int v = 0; v < vectors; ++v) {
      for (int m = 0; m < 2; ++m) store(query_sum[m][v], dquery + m * step + v * width);
      float* const dscale = at.dscale + d + v * width;
      store(load(dscale) + (scale_sum[0][v] + scale_sum[1][v]), dscale);
    }
  }
};

}  // namespace
}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
