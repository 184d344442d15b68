#include <kindling/tensor/kernels/additive_scores.h>

#include <algorithm>

#include <kindling/tensor/kernels/scratch.h>
#include <kindling/tensor/kernels/targets.h>
#include <kindling/tensor/threads.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kindling/tensor/kernels/additive_scores.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <kindling/tensor/kernels/additive_scores_forms-inl.h>

// What doesn't depend on the instruction set is compiled once.
#ifndef KINDLING_ADDITIVE_SCORES_TILE
#define KINDLING_ADDITIVE_SCORES_TILE

namespace kindling::kernels {
namespace {

using std::int64_t;

// Some queries of one sequence against all of its keys: pointers to their first rows.
struct Tile {
  int64_t queries, keys, depth;
  const float* query;
  const float* key;
  const float* scale;  // may be null

};

// A tile's share of the gradients; each may be null.
struct TileGradient {
  float* dquery;
  float* dkey;
  float* dscale;
};

}  // namespace
}  // namespace kindling::kernels

#endif

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

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

  template <class Form>
  void prepare() {
    for (float* q = query; q != key; q += lanes()) Form::prepare_query(q);
    for (float* row = key; row != scale; row += key_step) {
      for (float* k = row; k != row + step; k += lanes()) Form::prepare_key(k, k + step);
    }
  }
};

// The scores of queries [i, i + Q) and keys [j, j + K). Lanes run over the depth; all sums stay
// in registers.
template <class Form, int Q, int K>
void score(const Rows& rows, int64_t i, int64_t j, float* scores) {
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
        sum[m][n] = hn::MulAdd(scale, Form::tanh(u[m], a, b), sum[m][n]);
      }
    }
  }
  for (int m = 0; m < Q; ++m) {
    for (int n = 0; n < K; ++n) {
      scores[(i + m) * rows.tile.keys + j + n] =
          hn::GetLane(hn::SumOfLanes(Floats(), sum[m][n]));
    }
  }
}

template <class Form, int Q>
void score_keys(const Rows& rows, int64_t i, int64_t first, int64_t last, float* scores) {
  constexpr int keys = 4;
  int64_t j = first;
  for (; j + keys <= last; j += keys) score<Form, Q, keys>(rows, i, j, scores);
  for (; j < last; ++j) score<Form, Q, 1>(rows, i, j, scores);
}

template <class Form>
void score_tile(Rows& rows, float* scores) {
  rows.prepare<Form>();
  constexpr int queries = 2;
  constexpr int64_t keys = 32;  // stay in the cache while the queries pass
  const Tile& t = rows.tile;
  for (int64_t first = 0; first < t.keys; first += keys) {
    const int64_t last = std::min(first + keys, t.keys);
    int64_t i = 0;
    for (; i + queries <= t.queries; i += queries) {
      score_keys<Form, queries>(rows, i, first, last, scores);
    }
    for (; i < t.queries; ++i) score_keys<Form, 1>(rows, i, first, last, scores);
  }
}

// Adds what queries [i, i + Q) and keys [first, last) give to the gradients of the channels from
// d on, a vector of these. Each query's sum stays in a register while the keys pass.
template <class Form, int Q>
void add_gradient(const Rows& rows, const float* g, int64_t i, int64_t first, int64_t last,
                  int64_t d) {
  const int64_t step = rows.step, keys = rows.tile.keys;
  Vector u[Q], query_sum[Q];
  for (int m = 0; m < Q; ++m) {
    u[m] = load(rows.query + (i + m) * step + d);
    query_sum[m] = load(rows.dquery + (i + m) * step + d);
  }
  Vector scale_sum = all(0.0f);
  for (int64_t j = first; j < last; ++j) {
    float* key = rows.key + j * rows.key_step + d;
    const Vector a = load(key), b = load(key + step);
    Vector key_sum = load(key + 2 * step);
    for (int m = 0; m < Q; ++m) {
      const Derivatives by = Form::derivatives(all(g[(i + m) * keys + j]), u[m], a, b);
      query_sum[m] = query_sum[m] + by.slope;
      key_sum = key_sum + by.slope;
      scale_sum = scale_sum + by.tanh;
    }
    store(key_sum, key + 2 * step);
  }
  for (int m = 0; m < Q; ++m) store(query_sum[m], rows.dquery + (i + m) * step + d);
  store(load(rows.dscale + d) + scale_sum, rows.dscale + d);
}

template <class Form>
void gradient_tile(Rows& rows, const float* g) {
  rows.prepare<Form>();
  std::fill_n(rows.dquery, (rows.tile.queries + 1) * rows.step, 0.0f);  // and dscale
  for (int64_t j = 0; j < rows.tile.keys; ++j) {
    std::fill_n(rows.key + j * rows.key_step + 2 * rows.step, rows.step, 0.0f);
  }
  constexpr int queries = 4;
  constexpr int64_t keys = 128;  // a column of these stays in the cache while the queries pass
  const Tile& t = rows.tile;
  for (int64_t first = 0; first < t.keys; first += keys) {
    const int64_t last = std::min(first + keys, t.keys);
    for (int64_t d = 0; d < t.depth; d += lanes()) {
      int64_t i = 0;
      for (; i + queries <= t.queries; i += queries) {
        add_gradient<Form, queries>(rows, g, i, first, last, d);
      }
      for (; i < t.queries; ++i) add_gradient<Form, 1>(rows, g, i, first, last, d);
    }
  }
}

// to = 4 scale * sums, for rows of sums that lie `apart`.
void copy_gradient(const Rows& rows, const float* sums, int64_t count, int64_t apart, float* to) {
  if (to == nullptr) return;
  const int64_t depth = rows.tile.depth;
  for (int64_t i = 0; i < count; ++i, sums += apart, to += depth) {
    for (int64_t d = 0; d < depth; ++d) to[d] = 4.0f * rows.scale[d] * sums[d];
  }
}

void scores_of_tile(const Tile& tile, float* scores) {
  Rows rows(tile);
  if (rows.within(NearZero::bound)) return score_tile<NearZero>(rows, scores);
  if (rows.within(Moderate::bound)) return score_tile<Moderate>(rows, scores);
  score_tile<Unbounded>(rows, scores);
}

void sum_gradients(Rows& rows, const float* g) {
  if (rows.within(NearZero::bound)) return gradient_tile<NearZero>(rows, g);
  if (rows.within(Moderate::bound)) return gradient_tile<Moderate>(rows, g);
  gradient_tile<Unbounded>(rows, g);
}

void gradient_of_tile(const Tile& tile, const float* g, const TileGradient& to) {
  Rows rows(tile);
  sum_gradients(rows, g);
  copy_gradient(rows, rows.dquery, tile.queries, rows.step, to.dquery);
  copy_gradient(rows, rows.key + 2 * rows.step, tile.keys, rows.key_step, to.dkey);
  if (to.dscale != nullptr) std::copy_n(rows.dscale, tile.depth, to.dscale);
}

}  // namespace
}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kindling::kernels {
namespace {

HWY_EXPORT(scores_of_tile);
HWY_EXPORT(gradient_of_tile);

// Sequences are cut into tiles of queries, the fewer the longer the batch: a tile prepares all
// keys for itself, and sums their gradients apart.
struct Tiling {
  const AdditiveScoresShape& s;
  int64_t queries =
      std::clamp<int64_t>((s.batch * s.queries / 16 + 3) / 4 * 4, 32, 256);
  int64_t per_sequence = (s.queries + queries - 1) / queries;
  int64_t count = s.batch * per_sequence;

  // Calls body(tile, index of the tile, its first row among all queries) in parallel.
  template <class Body>
  void for_each(const float* query, const float* key, const float* scale, Body body) const {
    constexpr int64_t least_work = 1 << 16;  // pairs times depth that are worth a thread
    const int64_t work = std::min(queries, s.queries) * s.keys * s.depth;
    const int64_t together = std::max<int64_t>(1, least_work / std::max<int64_t>(1, work));
    parallel_ranges(count, together, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t b = i / per_sequence;
        const int64_t first = i % per_sequence * queries;
        const int64_t row = b * s.queries + first;
        body(Tile{std::min(queries, s.queries - first), s.keys, s.depth, query + row * s.depth,
                  key + b * s.keys * s.depth, scale},
             i, row);
      }
    });
  }
};

// to = the sum of `count` parts of `size` elements behind each other, in this order.
void add_parts(const float* parts, int64_t count, int64_t size, float* to) {
  parallel_ranges(size, 4096, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      double sum = 0.0;
      for (int64_t part = 0; part < count; ++part) {
        sum += static_cast<double>(parts[part * size + i]);
      }
      to[i] = static_cast<float>(sum);
    }
  });
}

}  // namespace

void additive_scores(const AdditiveScoresShape& s, const float* query, const float* key,
                     const float* scale, float* scores) {
  Tiling{s}.for_each(query, key, scale, [&](const Tile& tile, int64_t, int64_t row) {
    HWY_DYNAMIC_DISPATCH(scores_of_tile)(tile, scores + row * s.keys);
  });
}

void additive_scores_gradient(const AdditiveScoresShape& s, const float* query, const float* key,
                              const float* scale, const float* g, float* dquery, float* dkey,
                              float* dscale) {
  const Tiling tiling{s};
  // Where tiles share keys, each has its own sums, added up afterwards in their order.
  const int64_t sequence = s.keys * s.depth;
  const bool share_keys = dkey != nullptr && tiling.per_sequence > 1;
  Scratch dkey_parts(share_keys ? tiling.count * sequence : 0);
  Scratch dscale_parts(tiling.count * s.depth);
  float* const dkeys = share_keys ? dkey_parts.data() : dkey;
  tiling.for_each(query, key, scale, [&](const Tile& tile, int64_t i, int64_t row) {
    const TileGradient to{dquery ? dquery + row * s.depth : nullptr,
                          dkeys ? dkeys + i * sequence : nullptr,
                          dscale ? dscale_parts.data() + i * s.depth : nullptr};
    HWY_DYNAMIC_DISPATCH(gradient_of_tile)(tile, g + row * s.keys, to);
  });
  if (dkey != nullptr && tiling.per_sequence != 1) {
    for (int64_t b = 0; b < s.batch; ++b) {
      add_parts(dkeys + b * tiling.per_sequence * sequence, tiling.per_sequence, sequence,
                dkey + b * sequence);
    }
  }
  if (dscale != nullptr) add_parts(dscale_parts.data(), tiling.count, s.depth, dscale);
}

}  // namespace kindling::kernels
#endif
