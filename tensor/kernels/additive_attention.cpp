#include <kindling/tensor/kernels/additive_attention.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include <kindling/tensor/kernels/additive_tile.h>
#include <kindling/tensor/kernels/gemm.h>
#include <kindling/tensor/kernels/scratch.h>
#include <kindling/tensor/kernels/targets.h>
#include <kindling/tensor/threads.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kindling/tensor/kernels/additive_attention.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <kindling/tensor/kernels/additive_tiles-inl.h>
#include <kindling/tensor/kernels/row_reduce-inl.h>
#include <kindling/tensor/kernels/vector_math-inl.h>

// What doesn't depend on the instruction set is compiled once.
#ifndef KINDLING_ADDITIVE_ATTENTION_TILE
#define KINDLING_ADDITIVE_ATTENTION_TILE

namespace kindling::kernels {
namespace {

using std::int64_t;

// What a query of a tile sees: the first `count` keys, of these the ones that `mask` leaves (null:
// all). If that is none, it weighs all keys alike.
struct Sight {
  const bool* mask;
  int64_t count;

  bool blind() const {
    return mask != nullptr ? std::find(mask, mask + count, true) == mask + count : count == 0;
  }
};

// A tile with what its masks say: query i of it is query first + i of its sequence.
struct MaskedTile {
  Tile tile;
  int64_t first;
  const bool* value_mask;
  bool causal;

  Sight sight(int64_t i) const {
    return {value_mask, causal ? std::min(first + i + 1, tile.keys) : tile.keys};
  }
};

}  // namespace
}  // namespace kindling::kernels

#endif

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

// The lanes from i on that a query sees.
template <class Lanes>
HWY_INLINE hn::Mask<Floats> seen(Lanes lanes, const Sight& sight, int64_t i) {
  const Floats d;
  auto mask = hn::FirstN(d, static_cast<std::size_t>(std::max<int64_t>(0, sight.count - i)));
  if (sight.mask != nullptr) mask = hn::And(mask, load_mask(lanes, d, sight.mask + i));
  return mask;
}

// Scores become weights in their place; returns the log of the sum of their exponentials.
float weigh(float* row, int64_t keys, const Sight& sight) {
  const Floats d;
  if (sight.blind()) {
    std::fill_n(row, keys, 1 / static_cast<float>(keys));
    return std::numeric_limits<float>::infinity();
  }
  const double largest = reduce_row<Max>(keys, [=](auto lanes, int64_t i) HWY_ATTR {
    return hn::IfThenElse(seen(lanes, sight, i), lanes.load(d, row + i), hn::Set(d, Max::none));
  });
  const double sum = reduce_row<Sum>(keys, [=](auto lanes, int64_t i) HWY_ATTR {
    const auto above = hn::Sub(lanes.load(d, row + i), hn::Set(d, static_cast<float>(largest)));
    const auto e = hn::IfThenElseZero(seen(lanes, sight, i), vector_exp(d, above));
    lanes.store(e, d, row + i);
    return e;
  });
  const auto scale = static_cast<float>(1 / sum);
  for_vectors(d, keys, [=](auto lanes, int64_t i) HWY_ATTR {
    lanes.store(hn::Mul(lanes.load(d, row + i), hn::Set(d, scale)), d, row + i);
  });
  return static_cast<float>(largest + std::log(sum));
}

void weigh_tile(const MaskedTile& tile, float* scores, float* log_sums) {
  for (int64_t i = 0; i < tile.tile.queries; ++i) {
    log_sums[i] = weigh(scores + i * tile.tile.keys, tile.tile.keys, tile.sight(i));
  }
}

// Keys that are gone through together: the tanh of their pairs with a few queries stay in the cache
// between computing the scores and using them for the gradient.
constexpr int64_t kept_keys = 16;
constexpr int most_queries = 4;

// One step back over queries [i, i + Q) and keys [first, last).
template <class Form, int Q>
class PairGradients {
 public:
  PairGradients(const Rows& rows, float* kept) : rows_(rows), kept_(kept) {}

  // In: dp (queries, keys), the gradient of the weights. Out: the weights, in its place.
  void operator()(const MaskedTile& tile, int64_t i, int64_t first, int64_t last,
                  const float* log_sums, const float* delta, float* dp) const {
    float scores[Q * kept_keys];
    for (int64_t j = first; j < last; ++j) keep(i, j, j - first, scores);
    float ds[Q * kept_keys];
    for (int m = 0; m < Q; ++m) {
      float* const row = dp + (i + m) * rows_.tile.keys + first;
      weights(tile.sight(i + m), first, last - first, log_sums[i + m], scores + m * kept_keys);
      for (int64_t n = 0; n < last - first; ++n) {
        const float p = scores[m * kept_keys + n];
        ds[m * kept_keys + n] = p * (row[n] - delta[i + m]);
        row[n] = p;
      }
    }
    for (int64_t d = 0; d < rows_.tile.depth; d += lanes()) add(i, first, last, ds, d);
  }

 private:
  // Key j is the n-th of those that are kept. One at a time: more would not fit in the registers.
  void keep(int64_t i, int64_t j, int64_t n, float* scores) const {
    const int64_t step = rows_.step;
    float* const kept = kept_ + n * Q * step;
    score<Form, Q, 1>(rows_, i, j, scores + n, kept_keys,
                      [=](int m, int, int64_t d, Vector t) HWY_ATTR {
                        store(t, kept + m * step + d);
                      });
  }

  // exp(score - log_sum) where the query sees, else 0.
  void weights(const Sight& sight, int64_t first, int64_t count, float log_sum,
               float* scores) const {
    if (std::isinf(log_sum)) {  // blind
      std::fill_n(scores, count, 1 / static_cast<float>(rows_.tile.keys));
      return;
    }
    const Floats d;
    for_vectors(d, count, [=](auto lanes, int64_t n) HWY_ATTR {
      const auto p = vector_exp(d, hn::Sub(lanes.load(d, scores + n), hn::Set(d, log_sum)));
      lanes.store(hn::IfThenElseZero(seen(lanes, sight, first + n), p), d, scores + n);
    });
  }

  // A vector of channels: sums of ds (1 - tanh^2) for queries and keys, of ds tanh for the scale.
  void add(int64_t i, int64_t first, int64_t last, const float* ds, int64_t d) const {
    const int64_t step = rows_.step;
    Vector query_sum[Q];
    for (int m = 0; m < Q; ++m) query_sum[m] = load(rows_.dquery + (i + m) * step + d);
    Vector scale_sum = load(rows_.dscale + d);
    const float* kept = kept_ + d;
    for (int64_t j = first; j < last; ++j) {
      float* const key = rows_.key + j * rows_.key_step + 2 * step + d;
      Vector key_sum = load(key);
      for (int m = 0; m < Q; ++m, kept += step) {
        const Vector t = load(kept), g = all(ds[m * kept_keys + j - first]);
        const Vector u = g * t;
        const Vector slope = hn::NegMulAdd(u, t, g);
        query_sum[m] = query_sum[m] + slope;
        key_sum = key_sum + slope;
        scale_sum = scale_sum + u;
      }
      store(key_sum, key);
    }
    for (int m = 0; m < Q; ++m) store(query_sum[m], rows_.dquery + (i + m) * step + d);
    store(scale_sum, rows_.dscale + d);
  }

  const Rows& rows_;
  float* kept_;
};

template <class Form>
void go_back(Rows& rows, const MaskedTile& tile, const float* log_sums, const float* delta,
             float* dp) {
  rows.prepare<Form>();
  rows.clear_sums();
  const Tile& t = tile.tile;
  Scratch kept(kept_keys * most_queries * rows.step);
  const PairGradients<Form, most_queries> several(rows, kept.data());
  const PairGradients<Form, 1> one(rows, kept.data());
  for (int64_t first = 0; first < t.keys; first += kept_keys) {
    const int64_t last = std::min(first + kept_keys, t.keys);
    int64_t i = 0;
    for (; i + most_queries <= t.queries; i += most_queries) {
      several(tile, i, first, last, log_sums, delta, dp);
    }
    for (; i < t.queries; ++i) one(tile, i, first, last, log_sums, delta, dp);
  }
}

// Adds to the gradients.
void gradient_of_tile(const MaskedTile& tile, const float* log_sums, const float* delta, float* dp,
                      const TileGradient& to) {
  Rows rows(tile.tile);
  with_form(rows, [&](auto form) {
    go_back<decltype(form)>(rows, tile, log_sums, delta, dp);
  });
  const int64_t depth = tile.tile.depth;
  const auto add = [&](const float* sums, int64_t count, int64_t apart, float* into) {
    for (int64_t i = 0; into != nullptr && i < count; ++i, sums += apart, into += depth) {
      for (int64_t d = 0; d < depth; ++d) into[d] += rows.scale[d] * sums[d];
    }
  };
  add(rows.dquery, tile.tile.queries, rows.step, to.query);
  add(rows.key + 2 * rows.step, tile.tile.keys, rows.key_step, to.key);
  for (int64_t d = 0; to.scale != nullptr && d < depth; ++d) to.scale[d] += rows.dscale[d];
}

}  // namespace
}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kindling::kernels {
namespace {

HWY_EXPORT(weigh_tile);
HWY_EXPORT(gradient_of_tile);

using Shape = AdditiveAttentionShape;
using Inputs = AdditiveAttentionInputs;

// Queries a tile: fewer need less memory for scores, more prepare the keys less often.
constexpr int64_t tile_queries = 64;

int64_t tiles_of(const Shape& s) { return (s.queries + tile_queries - 1) / tile_queries; }

MaskedTile tile_at(const Shape& s, const Inputs& in, int64_t b, int64_t tile) {
  const int64_t first = tile * tile_queries;
  return {.tile = {std::min(tile_queries, s.queries - first), s.keys, s.depth,
                   in.query + (b * s.queries + first) * s.depth, in.key + b * s.keys * s.depth,
                   in.scale},
          .first = first,
          .value_mask = in.value_mask != nullptr ? in.value_mask + b * s.keys : nullptr,
          .causal = in.causal};
}

// Calls row(i, r) for the rows i of a tile, r among all, that the query mask leaves out.
template <class Row>
void for_masked(const Inputs& in, int64_t start, int64_t count, Row row) {
  for (int64_t i = 0; in.query_mask != nullptr && i < count; ++i) {
    if (!in.query_mask[start + i]) row(i);
  }
}

// The gradients of one run of tiles, in their order: of a sequence, or of a part of one.
struct Run {
  const Shape& s;
  const Inputs& in;
  const float* output;
  const float* log_sums;
  const float* g;
  float* dquery;  // of the first of all queries; may be null, as the others may

  void operator()(int64_t b, int64_t first_tile, int64_t last_tile, float* dkey, float* dvalue,
                  float* dscale) const {
    Scratch dp(tile_queries * s.keys), rows(tile_queries * s.width), delta(tile_queries);
    const float* const value = in.value + b * s.keys * s.width;
    for (int64_t tile = first_tile; tile < last_tile; ++tile) {
      const MaskedTile t = tile_at(s, in, b, tile);
      const int64_t count = t.tile.queries, start = b * s.queries + t.first;
      std::copy_n(g + start * s.width, count * s.width, rows.data());
      for_masked(in, start, count,
                 [&](int64_t i) { std::fill_n(rows.data() + i * s.width, s.width, 0.0f); });
      for (int64_t i = 0; i < count; ++i) {
        double sum = 0;
        for (int64_t c = 0; c < s.width; ++c) {
          sum += static_cast<double>(rows.data()[i * s.width + c]) *
                 static_cast<double>(output[(start + i) * s.width + c]);
        }
        delta.data()[i] = static_cast<float>(sum);
      }
      gemm_serial(count, s.keys, s.width, {rows.data(), s.width}, {value, s.width, true}, 0,
                  dp.data(), s.keys);
      float* const to = dquery != nullptr ? dquery + start * s.depth : nullptr;
      HWY_DYNAMIC_DISPATCH(gradient_of_tile)
      (t, log_sums + start, delta.data(), dp.data(), {to, dkey, dscale});
      if (dvalue == nullptr) continue;
      gemm_serial(s.keys, s.width, count, {dp.data(), s.keys, true}, {rows.data(), s.width}, 1,
                  dvalue, s.width);
    }
  }
};

}  // namespace

void additive_attention(const Shape& s, const Inputs& in, float* output, float* log_sums) {
  const int64_t tiles = tiles_of(s);
  parallel_for(s.batch * tiles, [&](int64_t block) {
    const int64_t b = block / tiles;
    const MaskedTile t = tile_at(s, in, b, block % tiles);
    const int64_t count = t.tile.queries, start = b * s.queries + t.first;
    float* const to = output + start * s.width;
    Scratch weights(count * s.keys);
    additive_scores_of(t.tile, weights.data());
    HWY_DYNAMIC_DISPATCH(weigh_tile)(t, weights.data(), log_sums + start);
    gemm_serial(count, s.width, s.keys, {weights.data(), s.keys},
                {in.value + b * s.keys * s.width, s.width}, 0, to, s.width);
    for_masked(in, start, count, [&](int64_t i) { std::fill_n(to + i * s.width, s.width, 0.0f); });
  });
}

void additive_attention_gradient(const Shape& s, const Inputs& in, const float* output,
                                 const float* log_sums, const float* g,
                                 const AdditiveAttentionGradients& to) {
  // A sequence is a run; a batch of few is cut into more, each with sums of its own for the keys.
  constexpr int64_t wanted_runs = 8;
  const int64_t tiles = tiles_of(s);
  const int64_t parts = std::clamp<int64_t>(wanted_runs / std::max<int64_t>(1, s.batch), 1,
                                            std::max<int64_t>(1, tiles));
  const int64_t dkeys = to.key != nullptr ? s.keys * s.depth : 0;
  const int64_t dvalues = to.value != nullptr ? s.keys * s.width : 0;
  const int64_t size = dkeys + dvalues + s.depth;
  Scratch sums(s.batch * parts * size);
  std::fill_n(sums.data(), s.batch * parts * size, 0.0f);
  if (to.query != nullptr) std::fill_n(to.query, s.batch * s.queries * s.depth, 0.0f);
  const Run run{s, in, output, log_sums, g, to.query};
  parallel_for(s.batch * parts, [&](int64_t block) {
    const int64_t b = block / parts, part = block % parts;
    float* const own = sums.data() + block * size;
    run(b, part * tiles / parts, (part + 1) * tiles / parts, dkeys > 0 ? own : nullptr,
        dvalues > 0 ? own + dkeys : nullptr, own + dkeys + dvalues);
  });
  parallel_for(s.batch, [&](int64_t b) {
    const float* const first = sums.data() + b * parts * size;
    if (dkeys > 0) add_parts(first, parts, size, dkeys, to.key + b * dkeys);
    if (dvalues > 0) add_parts(first + dkeys, parts, size, dvalues, to.value + b * dvalues);
  });
  if (to.scale != nullptr) {
    add_parts(sums.data() + dkeys + dvalues, s.batch * parts, size, s.depth, to.scale);
  }
}

}  // namespace kindling::kernels
#endif
