// What the kernels of additive attention work on at a time.
#pragma once

#include <cstdint>

namespace kindling::kernels {

// Some queries of one sequence against all of its keys: pointers to their first rows.
struct Tile {
  std::int64_t queries, keys, depth;
  const float* query;
  const float* key;
  const float* scale;  // may be null
};

// Where a tile's share of the gradients goes; each may be null.
struct TileGradient {
  float* query;
  float* key;
  float* scale;
};

// to = the sum of `count` parts of `size` elements, which begin `step` apart, in this order.
void add_parts(const float* parts, std::int64_t count, std::int64_t step, std::int64_t size,
               float* to);

// scores (queries, keys), on the calling thread.
void additive_scores_of(const Tile& tile, float* scores);

}  // namespace kindling::kernels
