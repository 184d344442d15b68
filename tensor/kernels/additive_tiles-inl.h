// A tile of queries and keys in scratch memory, and the scores of its pairs: what the kernels of
// additive attention share.
//
// To be included once an instruction set, after hwy/highway.h, as Highway's own -inl headers are.
#if defined(KINDLING_ADDITIVE_TILES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef KINDLING_ADDITIVE_TILES_INL_H
#undef KINDLING_ADDITIVE_TILES_INL_H
#else
#define KINDLING_ADDITIVE_TILES_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>

#include <kindling/tensor/kernels/additive_scores_forms-inl.h>
#include <kindling/tensor/kernels/additive_tile.h>
#include <kindling/tensor/kernels/scratch.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

using std::int64_t;

int64_t lanes() { return static_cast<int64_t>(hn::Lanes(Floats())); }

// A tile in scratch memory. Behind its end a row has zeros, whose tanh is zero.
struct Rows {
  const Tile& tile;
  // Whole vectors, and an odd number of cache lines: a loop down a column of rows that lie an
  // even number apart would meet few places of the cache.
  const int64_t step = ((tile.depth + 15) / 16 | 1) * 16;
  // A row of a key: a, b and the sum for its gradient. Side by side, because arrays of their own
  // may lie so that the processor takes a load from one for a store to the other.
  const int64_t key_step = 3 * step;
  Scratch memory{(2 * tile.queries + 2) * step + tile.keys * key_step};
  float* const query = memory.data();
  float* const key = query + tile.queries * step;
  float* const scale = key + tile.keys * key_step;
  float* const dquery = scale + step;
  float* const dscale = dquery + tile.queries * step;

  explicit Rows(const Tile& t) : tile(t) {
    for (int64_t i = 0; i < t.queries; ++i) copy(t.query + i * t.depth, query + i * step);
    for (int64_t j = 0; j < t.keys; ++j) copy(t.key + j * t.depth, key + j * key_step);
    if (t.scale != nullptr) {
      copy(t.scale, scale);
    } else {
      std::fill_n(scale, step, 1.0f);
    }
  }

  void copy(const float* from, float* to) const {
    std::fill(std::copy_n(from, tile.depth, to), to + step, 0.0f);
  }

  // False for a NaN, so that it takes the form that passes it on.
  bool within(float bound) const {
    return all_within(bound, query, tile.queries * step, step) &&
           all_within(bound, key, tile.keys * key_step, key_step);
  }
  bool all_within(float bound, const float* rows, int64_t size, int64_t apart) const {
    for (int64_t i = 0; i < size; i += apart) {
      for (int64_t d = i; d < i + step; d += lanes()) {
        if (!hn::AllTrue(Floats(), hn::Le(hn::Abs(load(rows + d)), all(bound)))) return false;
      }
    }
    return true;
  }

  // The gradients' sums start at zero.
  void clear_sums() {
    std::fill_n(dquery, (tile.queries + 1) * step, 0.0f);  // and dscale
    for (int64_t j = 0; j < tile.keys; ++j) std::fill_n(key + j * key_step + 2 * step, step, 0.0f);
  }

  template <class Form>
  void prepare() {
    for (float* q = query; q != key; q += lanes()) Form::prepare_query(q);
    for (float* row = key; row != scale; row += key_step) {
      for (float* k = row; k != row + step; k += lanes()) Form::prepare_key(k, k + step);
    }
  }
};

// body(form) with the cheapest form that is exact for the tile's values.
template <class Body>
void with_form(const Rows& rows, Body body) {
  if (rows.within(NearZero::bound)) return body(NearZero());
  if (rows.within(Moderate::bound)) return body(Moderate());
  body(Unbounded());
}

// The scores of queries [i, i + Q) and keys [j, j + K). Lanes run over the depth; all sums stay
// in registers.
// visit(m, n, d, t) sees each tanh t of query i + m and key j + n, a vector of channels from d on.
template <class Form, int Q, int K, class Visit>
HWY_INLINE void score(const Rows& rows, int64_t i, int64_t j, float* scores, int64_t scores_step,
                      Visit visit) {
  const int64_t step = rows.step;
  const float* query = rows.query + i * step;
  const float* key = rows.key + j * rows.key_step;
  Vector sum[Q][K];
  for (auto& row : sum) std::fill_n(row, K, all(0.0f));
  for (int64_t d = 0; d < rows.tile.depth; d += lanes()) {
    const Vector scale = load(rows.scale + d);
    Vector u[Q];
    for (int m = 0; m < Q; ++m) u[m] = load(query + m * step + d);
    for (int n = 0; n < K; ++n) {
      const float* at = key + n * rows.key_step + d;
      const Vector a = load(at), b = load(at + step);
      for (int m = 0; m < Q; ++m) {
        const Vector t = Form::tanh(u[m], a, b);
        visit(m, n, d, t);
        sum[m][n] = hn::MulAdd(scale, t, sum[m][n]);
      }
    }
  }
  for (int m = 0; m < Q; ++m) {
    for (int n = 0; n < K; ++n) {
      scores[m * scores_step + n] = hn::GetLane(hn::SumOfLanes(Floats(), sum[m][n]));
    }
  }
}

}  // namespace
}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
