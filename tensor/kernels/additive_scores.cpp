#include <kindling/tensor/kernels/additive_scores.h>

#include <algorithm>

#include <kindling/tensor/kernels/additive_tile.h>
#include <kindling/tensor/kernels/scratch.h>
#include <kindling/tensor/kernels/targets.h>
#include <kindling/tensor/threads.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kindling/tensor/kernels/additive_scores.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <kindling/tensor/kernels/additive_tiles-inl.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

template <class Form, int Q, int K>
void score_at(const Rows& rows, int64_t i, int64_t j, float* scores) {
  const int64_t keys = rows.tile.keys;
  score<Form, Q, K>(rows, i, j, scores + i * keys + j, keys,
                    [](int, int, int64_t, Vector) HWY_ATTR {});
}

template <class Form, int Q>
void score_keys(const Rows& rows, int64_t i, int64_t first, int64_t last, float* scores) {
  constexpr int keys = 4;
  int64_t j = first;
  for (; j + keys <= last; j += keys) score_at<Form, Q, keys>(rows, i, j, scores);
  for (; j < last; ++j) score_at<Form, Q, 1>(rows, i, j, scores);
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
  rows.clear_sums();
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
  with_form(rows, [&](auto form) { score_tile<decltype(form)>(rows, scores); });
}

void gradient_of_tile(const Tile& tile, const float* g, const TileGradient& to) {
  Rows rows(tile);
  with_form(rows, [&](auto form) { gradient_tile<decltype(form)>(rows, g); });
  copy_gradient(rows, rows.dquery, tile.queries, rows.step, to.query);
  copy_gradient(rows, rows.key + 2 * rows.step, tile.keys, rows.key_step, to.key);
  if (to.scale != nullptr) std::copy_n(rows.dscale, tile.depth, to.scale);
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

}  // namespace

void add_parts(const float* parts, int64_t count, int64_t step, int64_t size, float* to) {
  parallel_ranges(size, 4096, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      double sum = 0.0;
      for (int64_t part = 0; part < count; ++part) {
        sum += static_cast<double>(parts[part * step + i]);
      }
      to[i] = static_cast<float>(sum);
    }
  });
}

void additive_scores_of(const Tile& tile, float* scores) {
  HWY_DYNAMIC_DISPATCH(scores_of_tile)(tile, scores);
}

void additive_scores(const AdditiveScoresShape& s, const float* query, const float* key,
                     const float* scale, float* scores) {
  Tiling{s}.for_each(query, key, scale, [&](const Tile& tile, int64_t, int64_t row) {
    additive_scores_of(tile, scores + row * s.keys);
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
                sequence, dkey + b * sequence);
    }
  }
  if (dscale != nullptr) {
    add_parts(dscale_parts.data(), tiling.count, s.depth, s.depth, dscale);
  }
}

}  // namespace kindling::kernels
#endif
