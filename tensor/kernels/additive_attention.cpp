#include <kindling/tensor/kernels/additive_attention.h>

#include <algorithm>

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

using Shape = AdditiveAttentionShape;
using Inputs = AdditiveAttentionInputs;

constexpr const char* who = "additive_attention";

// A part of a sequence is some tiles of queries, one after the other on one thread: they share the
// prepared keys and, on the way back, the sums of the gradients for these. A batch of few sequences
// has several parts a sequence, so that there is work for several threads.
struct Parts {
  const Shape& s;
  int64_t tiles = quotient_up(s.queries, AdditiveTile::most_queries);
  int64_t per_sequence = parts_of_each(s.batch, tiles);
  int64_t count = s.batch * per_sequence;

  int64_t sequence(int64_t part) const { return part / per_sequence; }
  // The part's first query in its sequence; of the part behind the last, the number of queries.
  int64_t first(int64_t part_of_sequence) const {
    const int64_t tile = part_of_sequence * tiles / per_sequence;
    return std::min(tile * AdditiveTile::most_queries, s.queries);
  }
};

// One part with what it reads.
class SequencePart {
 public:
  SequencePart(const Parts& parts, const Inputs& in, int64_t part, bool gradients)
      : s_(parts.s),
        in_(in),
        b_(parts.sequence(part)),
        first_(parts.first(part % parts.per_sequence)),
        last_(parts.first(part % parts.per_sequence + 1)),
        sight_(s_.keys, in.value_mask != nullptr ? in.value_mask + b_ * s_.keys : nullptr,
               in.causal),
        tile_(s_.depth, in.key + b_ * s_.keys * s_.depth, in.scale,
              in.query + (b_ * s_.queries + first_) * s_.depth, last_ - first_, sight_,
              gradients) {}

  SequencePart(const SequencePart&) = delete;
  SequencePart& operator=(const SequencePart&) = delete;

  AdditiveTile& tile() { return tile_; }
  int64_t row_step() const { return tile_.row_step(); }
  // Floats for the weights of a tile, whose queries may be rounded up to an even number.
  int64_t weights() const {
    return row_step() * (std::min(last_ - first_, AdditiveTile::most_queries) + 1);
  }
  Matrix value() const { return {in_.value + b_ * s_.keys * s_.width, s_.width}; }

  // Calls body(row, count) for each tile: its first query among all, and how many it has.
  template <class Body>
  void for_each_tile(Body body) {
    for (int64_t i = first_; i < last_; i += AdditiveTile::most_queries) {
      const int64_t count = std::min(AdditiveTile::most_queries, last_ - i);
      tile_.take(i - first_, count, i);
      body(b_ * s_.queries + i, count);
    }
  }

  // Rows (count, s.width) of masked queries become zero.
  void clear_masked(int64_t row, int64_t count, float* rows) const {
    for (int64_t i = 0; in_.query_mask != nullptr && i < count; ++i) {
      if (!in_.query_mask[row + i]) std::fill_n(rows + i * s_.width, s_.width, 0.0f);
    }
  }

 private:
  const Shape& s_;
  const Inputs& in_;
  int64_t b_, first_, last_;
  Sight sight_;
  AdditiveTile tile_;
};

AttentionDropout dropout_of(const Shape& s, const Inputs& in) {
  return {in.dropout, in.seed, in.position, s.keys};
}

// body(part) for each part, in parallel; parts of little work share a block.
template <class Body>
void for_each_part(const Parts& parts, Body body) {
  constexpr double least_work = 1 << 16;  // pairs times depth that are worth a thread
  const Shape& s = parts.s;
  const double work = static_cast<double>(s.queries) * static_cast<double>(s.keys * s.depth) /
                      static_cast<double>(parts.per_sequence);
  const int64_t together = worth_a_thread(work, least_work);
  parallel_ranges(parts.count, together, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) body(part);
  });
}

// The gradients of one part. dquery is the first of all queries', the others are the part's own;
// each may be null.
struct PartGradients {
  float *query, *key, *value, *scale;
};
void gradients_of(const Parts& parts, int64_t index, const Inputs& in,
                  const AdditiveAttentionBackward& from, const PartGradients& to) {
  const Shape& s = parts.s;
  SequencePart part(parts, in, index, true);
  const int64_t step = part.row_step();
  Scratch dp(part.weights(), who), g(AdditiveTile::most_queries * s.width, who);
  float delta[AdditiveTile::most_queries];
  AttentionDropout drop = dropout_of(s, in);
  if (to.value != nullptr) std::fill_n(to.value, s.keys * s.width, 0.0f);
  part.for_each_tile([&](int64_t row, int64_t count) {
    const int64_t keys = part.tile().needed();
    std::copy_n(from.g + row * s.width, count * s.width, g.data());
    part.clear_masked(row, count, g.data());
    for (int64_t i = 0; i < count; ++i) {
      const int64_t pairs = (row + i) * s.keys;
      delta[i] = static_cast<float>(
          dot(g.data() + i * s.width, from.output + (row + i) * s.width, s.width) +
          (from.dweights ? dot(from.weights + pairs, from.dweights + pairs, keys) : 0));
      if (from.dweights) std::copy_n(from.dweights + pairs, keys, dp.data() + i * step);
    }
    Matrix value = part.value();
    value.transposed = true;
    gemm_serial(count, keys, s.width, {g.data(), s.width}, value, from.dweights ? 1.0f : 0.0f,
                dp.data(), step);
    drop(row, count, keys, dp.data(), step);
    part.tile().add_gradient(from.softmax + row, delta, dp.data());
    if (to.query != nullptr) part.tile().copy_query_gradient(to.query + row * s.depth);
    if (to.value == nullptr) return;
    drop(row, count, keys, dp.data(), step);  // now the weights
    gemm_serial(keys, s.width, count, {dp.data(), step, true}, {g.data(), s.width}, 1, to.value,
                s.width);
  });
  if (to.key != nullptr) part.tile().copy_key_gradient(to.key);
  if (to.scale != nullptr) part.tile().copy_scale_gradient(to.scale);
}

}  // namespace

void additive_attention(const Shape& s, const Inputs& in, const AdditiveAttentionResults& to) {
  const Parts parts{s};
  for_each_part(parts, [&](int64_t index) {
    SequencePart part(parts, in, index, false);
    const int64_t step = part.row_step();
    Scratch weights(part.weights(), who);
    AttentionDropout drop = dropout_of(s, in);
    part.for_each_tile([&](int64_t row, int64_t count) {
      const int64_t keys = part.tile().needed();
      part.tile().weigh(weights.data(), to.softmax + row);
      drop(row, count, keys, weights.data(), step);
      float* const output = to.output + row * s.width;
      gemm_serial(count, s.width, keys, {weights.data(), step}, part.value(), 0, output, s.width);
      part.clear_masked(row, count, output);
      for (int64_t i = 0; to.weights != nullptr && i < count; ++i) {
        float* const copy = to.weights + (row + i) * s.keys;
        std::fill(std::copy_n(weights.data() + i * step, keys, copy), copy + s.keys, 0.0f);
      }
    });
  });
}

void additive_attention_gradient(const Shape& s, const Inputs& in,
                                 const AdditiveAttentionBackward& from,
                                 const AdditiveAttentionGradients& to) {
  const Parts parts{s};
  // Where parts share keys each has sums of its own, added up afterwards in their order.
  const bool shared = parts.per_sequence > 1;
  const auto sums = [&](const float* wanted, bool apart, int64_t size) {
    return Scratch(wanted != nullptr && apart ? parts.count * size : 0, who);
  };
  const int64_t dkeys = s.keys * s.depth, dvalues = s.keys * s.width;
  Scratch key = sums(to.key, shared, dkeys), value = sums(to.value, shared, dvalues);
  Scratch scale = sums(to.scale, true, s.depth);
  float* const key_sums = to.key != nullptr && shared ? key.data() : to.key;
  float* const value_sums = to.value != nullptr && shared ? value.data() : to.value;
  float* const scale_sums = to.scale != nullptr ? scale.data() : nullptr;
  for_each_part(parts, [&](int64_t part) {
    gradients_of(parts, part, in, from,
                 {to.query, at_element(key_sums, part * dkeys),
                  at_element(value_sums, part * dvalues), at_element(scale_sums, part * s.depth)});
  });
  const auto add_up = [&](const float* from_parts, int64_t size, float* result) {
    for (int64_t b = 0; shared && result != nullptr && b < s.batch; ++b) {
      sum(from_parts + b * parts.per_sequence * size, 1, parts.per_sequence, size,
          result + b * size);
    }
  };
  add_up(key.data(), dkeys, to.key);
  add_up(value.data(), dvalues, to.value);
  if (to.scale != nullptr) sum(scale.data(), 1, parts.count, s.depth, to.scale);
}

}  // namespace kindling::kernels
