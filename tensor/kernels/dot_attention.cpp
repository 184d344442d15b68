#include <kindling/tensor/kernels/dot_attention.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include <kindling/tensor/kernels/attention_dropout.h>
#include <kindling/tensor/kernels/gemm.h>
#include <kindling/tensor/kernels/parts.h>
#include <kindling/tensor/kernels/ranges.h>
#include <kindling/tensor/kernels/reduce.h>
#include <kindling/tensor/kernels/scratch.h>
#include <kindling/tensor/threads.h>

namespace kindling::kernels {
namespace {

using std::int64_t;

using Shape = DotAttentionShape;
using Inputs = DotAttentionInputs;

constexpr int64_t most_queries = 64;  // of a tile
constexpr const char* who = "dot_product_attention";

// Some queries of one head against the keys that they need: [0, keys()).
class Tile {
 public:
  Tile(const Shape& s, const Inputs& in, int64_t head, int64_t tile)
      : s_(s),
        in_(in),
        batch_(head / s.heads),
        head_(head % s.heads),
        first_(tile * most_queries),
        count_(std::min(most_queries, s.queries - first_)),
        row_(head * s.queries + first_),
        query_(count_ * s.depth, who),
        weights_(count_ * s.keys, who),
        drop_(in.dropout, in.seed, in.position, s.keys) {
    look();
  }
  Tile(const Tile&) = delete;
  Tile& operator=(const Tile&) = delete;

  int64_t count() const { return count_; }
  int64_t keys() const { return keys_; }
  float* weights() const { return weights_.data(); }  // (count, keys)
  float* query() const { return query_.data(); }      // (count, depth), times scale
  // Row i of an operand of queries, and the first row of one of keys, whose rows have `width`
  // elements and lie heads * width apart.
  template <class T>
  T* query_row(T* x, int64_t i, int64_t width) const {
    return x + ((batch_ * s_.queries + first_ + i) * s_.heads + head_) * width;
  }
  template <class T>
  T* key_rows(T* x, int64_t width) const {
    return x + (batch_ * s_.keys * s_.heads + head_) * width;
  }
  Matrix keys_of(const float* x, int64_t width, bool transposed = false) const {
    return {key_rows(x, width), s_.heads * width, transposed};
  }
  // Row i of a tensor (batch, heads, queries, keys).
  template <class T>
  T* pairs(T* x, int64_t i) const {
    return x + (row_ + i) * s_.keys;
  }
  bool blind(int64_t i) const { return blind_[i]; }
  bool has_output(int64_t i) const { return in_.multi_head || shown(i); }

  // weights = softmax(scale * query key^T)
  void weigh() {
    for (int64_t i = 0; i < count_; ++i) {
      const float* const from = query_row(in_.query, i, s_.depth);
      std::transform(from, from + s_.depth, query() + i * s_.depth,
                     [scale = in_.scale](float x) { return scale * x; });
    }
    gemm_serial(count_, keys_, s_.depth, {query(), s_.depth}, keys_of(in_.key, s_.depth, true), 0,
                weights(), keys_);
    if (seen_) {
      masked_softmax(weights(), seen_.get(), count_, keys_, weights());
      for (int64_t i = 0; in_.blind_sees_all && i < count_; ++i) {
        if (blind(i)) std::fill_n(weights() + i * keys_, keys_, 1 / static_cast<float>(keys_));
      }
    } else {
      softmax(weights(), count_, keys_, weights());
    }
  }

  void drop(float* weights) { drop_(row_, count_, keys_, weights, keys_); }

 private:
  bool shown(int64_t i) const {
    return in_.query_mask == nullptr || in_.query_mask[batch_ * s_.queries + first_ + i];
  }

  // Which keys each query sees; if one sees none, it needs them all.
  void look() {
    const bool hides = in_.multi_head && in_.query_mask != nullptr;
    if (!in_.causal && !hides && !in_.value_mask && !in_.pair_mask) return;
    seen_.reset(new bool[static_cast<std::size_t>(count_ * s_.keys)]);
    if (in_.causal) keys_ = std::min(first_ + count_, s_.keys);
    if (!fill_seen() && keys_ < s_.keys) {
      keys_ = s_.keys;
      fill_seen();
    }
  }

  bool fill_seen() {  // whether every query sees something
    bool all = true;
    for (int64_t i = 0; i < count_; ++i) {
      const int64_t query = first_ + i;
      const bool hidden = in_.multi_head && !shown(i);
      const int64_t limit = hidden ? 0 : in_.causal ? std::min(query + 1, keys_) : keys_;
      bool* const seen = seen_.get() + i * keys_;
      std::fill(std::fill_n(seen, limit, true), seen + keys_, false);
      const auto leave = [&](const bool* mask, int64_t row) {
        for (int64_t j = 0; mask != nullptr && j < limit; ++j) {
          seen[j] = seen[j] && mask[row * s_.keys + j];
        }
      };
      leave(in_.value_mask, batch_);
      leave(in_.pair_mask, batch_ * s_.queries + query);
      blind_[i] = std::find(seen, seen + limit, true) == seen + limit;
      all = all && !blind_[i];
    }
    return all;
  }

  const Shape& s_;
  const Inputs& in_;
  int64_t batch_, head_, first_, count_;
  int64_t row_;  // the first query's, among those of all heads
  int64_t keys_ = s_.keys;
  Scratch query_, weights_;
  AttentionDropout drop_;
  std::unique_ptr<bool[]> seen_;  // (count, keys), null for all
  bool blind_[most_queries] = {};
};

int64_t tiles_per_block(const Shape& s) {
  constexpr double least_work = 1 << 17;
  const int64_t pair = std::max<int64_t>(1, std::min(most_queries, s.queries) * s.keys);
  const double work = static_cast<double>(pair) * static_cast<double>(s.depth + s.width + 8);
  return worth_a_thread(work, least_work);
}

// The gradients from one tile; those for keys and values are added to.
double add_gradients(const Shape& s, const Inputs& in, const float* g, const float* dweights,
                     const DotAttentionGradients& to, Tile& tile) {
  const int64_t count = tile.count(), keys = tile.keys();
  Scratch ds(count * keys, who), g_rows(count * s.width, who), dq(count * s.depth, who);
  for (int64_t i = 0; i < count; ++i) {
    float* const row = g_rows.data() + i * s.width;
    std::copy_n(tile.query_row(g, i, s.width), s.width, row);
    if (!tile.has_output(i)) std::fill_n(row, s.width, 0.0f);
  }
  const auto add_dweights = [&] {
    for (int64_t i = 0; dweights != nullptr && i < count; ++i) {
      float* const row = ds.data() + i * keys;
      std::transform(row, row + keys, tile.pairs(dweights, i), row, std::plus<>());
    }
  };
  tile.weigh();
  gemm_serial(count, keys, s.width, {g_rows.data(), s.width}, tile.keys_of(in.value, s.width, true),
              0, ds.data(), keys);
  if (!in.multi_head) add_dweights();
  tile.drop(ds.data());
  if (in.multi_head) add_dweights();
  softmax_gradient(ds.data(), tile.weights(), count, keys, ds.data());
  for (int64_t i = 0; in.multi_head && i < count; ++i) {
    if (tile.blind(i)) std::fill_n(ds.data() + i * keys, keys, 0.0f);
  }
  if (to.key != nullptr) {
    gemm_serial(keys, s.depth, count, {ds.data(), keys, true}, {tile.query(), s.depth}, 1,
                tile.key_rows(to.key, s.depth), s.heads * s.depth);
  }
  if (to.value != nullptr) {
    tile.drop(tile.weights());
    gemm_serial(keys, s.width, count, {tile.weights(), keys, true}, {g_rows.data(), s.width}, 1,
                tile.key_rows(to.value, s.width), s.heads * s.width);
  }
  if (to.query == nullptr && to.scale == nullptr) return 0;
  gemm_serial(count, s.depth, keys, {ds.data(), keys}, tile.keys_of(in.key, s.depth), 0, dq.data(),
              s.depth);
  double dscale = 0;
  for (int64_t i = 0; i < count; ++i) {
    const float* const row = dq.data() + i * s.depth;
    if (to.scale) dscale += dot(row, tile.query_row(in.query, i, s.depth), s.depth);
    if (to.query == nullptr) continue;
    std::transform(row, row + s.depth, tile.query_row(to.query, i, s.depth),
                   [&](float x) { return in.scale * x; });
  }
  return dscale;
}

}  // namespace

void dot_attention(const Shape& s, const Inputs& in, float* output, float* weights) {
  const int64_t tiles = quotient_up(s.queries, most_queries);
  parallel_ranges(s.batch * s.heads * tiles, tiles_per_block(s), [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      Tile tile(s, in, t / tiles, t % tiles);
      const auto copy_weights = [&] {
        for (int64_t i = 0; weights != nullptr && i < tile.count(); ++i) {
          float* const to = tile.pairs(weights, i);
          std::fill(std::copy_n(tile.weights() + i * tile.keys(), tile.keys(), to), to + s.keys,
                    0.0f);
        }
      };
      tile.weigh();
      if (in.multi_head) copy_weights();
      tile.drop(tile.weights());
      if (!in.multi_head) copy_weights();
      gemm_serial(tile.count(), s.width, tile.keys(), {tile.weights(), tile.keys()},
                  tile.keys_of(in.value, s.width), 0, tile.query_row(output, 0, s.width),
                  s.heads * s.width);
      for (int64_t i = 0; i < tile.count(); ++i) {
        if (!tile.has_output(i)) std::fill_n(tile.query_row(output, i, s.width), s.width, 0.0f);
      }
    }
  });
}

void dot_attention_gradient(const Shape& s, const Inputs& in, const float* g,
                            const float* dweights, const DotAttentionGradients& to) {
  // A head's tiles add to the same gradients of keys and values, one after the other. Where there
  // are few heads, each has several parts with sums of their own, added up afterwards.
  const int64_t heads = s.batch * s.heads, tiles = quotient_up(s.queries, most_queries);
  const int64_t parts = parts_of_each(heads, tiles);
  const int64_t sizes[] = {heads * s.keys * s.depth, heads * s.keys * s.width};
  float* const results[] = {to.key, to.value};
  Scratch key_sums(to.key && parts > 1 ? parts * sizes[0] : 0, who);
  Scratch value_sums(to.value && parts > 1 ? parts * sizes[1] : 0, who);
  float* const sums[] = {parts > 1 ? key_sums.data() : to.key,
                         parts > 1 ? value_sums.data() : to.value};
  for (int i = 0; i < 2; ++i) {
    if (results[i] != nullptr) std::fill_n(sums[i], parts * sizes[i], 0.0f);
  }
  std::vector<double> dscale(static_cast<std::size_t>(heads * parts));
  parallel_ranges(heads * parts, tiles_per_block(s), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const int64_t head = p / parts, part = p % parts;
      const DotAttentionGradients own{to.query, to.key ? sums[0] + part * sizes[0] : nullptr,
                                      to.value ? sums[1] + part * sizes[1] : nullptr, to.scale};
      for (int64_t t = part * tiles / parts; t < (part + 1) * tiles / parts; ++t) {
        Tile tile(s, in, head, t);
        dscale[static_cast<std::size_t>(p)] += add_gradients(s, in, g, dweights, own, tile);
      }
    }
  });
  for (int i = 0; parts > 1 && i < 2; ++i) {
    if (results[i] != nullptr) sum(sums[i], 1, parts, sizes[i], results[i]);
  }
  if (to.scale) *to.scale = static_cast<float>(std::accumulate(dscale.begin(), dscale.end(), 0.0));
}

}  // namespace kindling::kernels
