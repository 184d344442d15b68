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

// scores (queries, keys), on the calling thread.
void additive_scores_of(const Tile& tile, float* scores);

}  // namespace kindling::kernels
