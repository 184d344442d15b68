// Dropout of attention's weights, drawn again on the way back.
#pragma once

#include <cstdint>
#include <memory>

namespace kindling::kernels {

// Blocks of random numbers that a query takes, one number a key: its draws begin at a block of its
// own, so that they are the same whichever tile it is in, and however few of its keys that needs.
std::int64_t attention_dropout_blocks(std::int64_t keys);

// Drops weights out, or their gradients: the same ones for the same query.
class AttentionDropout {
 public:
  // Of queries with `keys` keys each; the first's numbers begin at `position` of the seed.
  AttentionDropout(double rate, std::uint64_t seed, std::uint64_t position, std::int64_t keys);

  // Of `count` queries from `row` on, among all: each one's weights for its first `keys` keys, rows
  // `step` apart.
  void operator()(std::int64_t row, std::int64_t count, std::int64_t keys, float* weights,
                  std::int64_t step);

 private:
  double rate_;
  std::uint64_t seed_, position_;
  std::int64_t all_keys_;
  std::unique_ptr<bool[]> keep_;  // of one query
};

}  // namespace kindling::kernels
