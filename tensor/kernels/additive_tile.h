// Some queries of one sequence against its keys, in scratch memory: what additive attention
// computes at a time, on one thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include <kindling/tensor/kernels/scratch.h>

namespace kindling::kernels {

// What the queries of a sequence see: of the keys, those that a mask leaves; if causal, query i of
// these only the keys j <= i. A query that sees none weighs all keys alike.
class Sight {
 public:
  Sight(std::int64_t keys, const bool* mask, bool causal);

  std::int64_t keys() const { return keys_; }
  // Keys from this one on are not seen, masked or not.
  std::int64_t limit(std::int64_t query) const {
    return causal_ ? std::min(query + 1, keys_) : keys_;
  }
  bool blind(std::int64_t query) const { return limit(query) <= first_; }
  // How many keys the queries [first, last) need: what is behind has no weight.
  std::int64_t needed(std::int64_t first, std::int64_t last) const {
    return blind(first) ? keys_ : limit(last - 1);
  }
  // 1 for a key that the mask leaves, else 0; zeros behind the last, up to whole vectors.
  const float* mask() const { return mask_.data(); }

 private:
  std::int64_t keys_, first_ = 0;  // first_: the first that the mask leaves
  bool causal_;
  Scratch mask_;
};

// Of a query's scores: weight = exp(score - largest) * factor. Kept for the way back.
struct SoftmaxOf {
  float largest, factor;  // for a query that sees nothing 0 and 1 / keys
};

// Keys that are gone through together on the way back: the values of their pairs with two queries
// stay in the first cache between computing the scores and using them for the gradient.
inline constexpr std::int64_t additive_kept_keys = 16;

// How tanh is computed, which depends on how large the values can be: see additive_forms-inl.h.
enum class AdditiveForm { near_zero, moderate, unbounded };

// Where a tile's rows lie. A row has zeros behind its end, up to `step`.
struct AdditiveTileMemory {
  AdditiveTileMemory(std::int64_t depth, std::int64_t queries, std::int64_t keys, bool gradients);

  std::int64_t depth, step;
  // A row of a key is a, b and the sum for its gradient, side by side, because arrays of their own
  // may lie so that the processor takes a load from one for a store to the other.
  std::int64_t key_step;
  std::int64_t keys, queries;  // multiples of four and of two; of queries, those taken in last
  Scratch memory;
  float* offset;  // of the scores: a vector a stretch of channels
  float *key, *scale, *query;
  // For gradients only. `kept` has the values of pairs that are gone through together.
  float *dscale, *dscale_total = nullptr, *dquery = nullptr, *kept = nullptr;

  AdditiveForm form = AdditiveForm::unbounded;
  float tanh_factor = 0, slope_factor = 0;
};

class AdditiveTile {
 public:
  static constexpr std::int64_t most_queries = 64;

  // key (sight.keys(), depth), scale (depth) or null. `query` (queries, depth) are all that will
  // come, tile by tile, so that the keys are prepared once.
  AdditiveTile(std::int64_t depth, const float* key, const float* scale, const float* query,
               std::int64_t queries, const Sight& sight, bool gradients);

  // Weights of a query lie in a row of as many floats.
  std::int64_t row_step() const { return row_step_; }

  // Takes in queries [first, first + count) of `query`, at most most_queries. `position` is the
  // first's place in the sequence.
  void take(std::int64_t first, std::int64_t count, std::int64_t position);
  // How many keys these need.
  std::int64_t needed() const { return sight_.needed(position_, position_ + count_); }

  // weights (count rounded up to even, row_step): of the keys needed, softmax of the scores.
  void weigh(float* weights, SoftmaxOf* softmax) const;

  // In: dp (count, row_step), the gradient of the weights; delta, each query's sum of weight times
  // dp. Out, in its place: the weights. The gradients are added up:
  //   ds[i, j] = weight[i, j] * (dp[i, j] - delta[i])
  //   dquery[i] = scale * sum over j of ds[i, j] * (1 - tanh^2),  dkey[j] the same over i
  //   dscale    = sum over i, j of ds[i, j] * tanh
  void add_gradient(const SoftmaxOf* softmax, const float* delta, float* dp);

  void copy_query_gradient(float* to) const;  // (count, depth), of the queries taken in last
  void copy_key_gradient(float* to) const;    // (keys, depth), of all
  void copy_scale_gradient(float* to) const;  // (depth), of all

 private:
  void copy_rows(const float* from, std::int64_t count, std::int64_t apart, float* to) const;

  const float* query_;
  const Sight& sight_;
  std::int64_t row_step_, count_ = 0, position_ = 0;
  AdditiveTileMemory at_;
};

}  // namespace kindling::kernels
