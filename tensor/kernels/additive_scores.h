// The scores of additive attention, without a tensor of size queries * keys * depth.
//
//   scores[b, i, j] = sum over d of scale[d] * tanh(query[b, i, d] + key[b, j, d])
//
// With E = exp(2 q) exp(2 k), tanh(q + k) = 1 - 2 / (1 + E): the exponentials are taken once an
// element of q and of k, and each pair costs a multiply-add and a reciprocal. Where |q| or |k| is
// so large that the product would overflow, or terms that cancel would be lost, tanh(q + k) is
// taken itself.
#pragma once

#include <cstdint>

namespace kindling::kernels {

// query (batch, queries, depth), key (batch, keys, depth).
struct AdditiveScoresShape {
  std::int64_t batch, queries, keys, depth;
};

// scale (depth) may be null: all ones.
void additive_scores(const AdditiveScoresShape& s, const float* query, const float* key,
                     const float* scale, float* scores);

// From the gradient g of the scores (batch, queries, keys), with r = 1 / (1 + E):
//   dquery[b, i, d] = scale[d] * sum over j of g[b, i, j] * 4 r (1 - r)
//   dkey[b, j, d]   = scale[d] * sum over i of g[b, i, j] * 4 r (1 - r)
//   dscale[d]       = sum over b, i, j of g[b, i, j] * (1 - 2 r)
// Overwritten; each may be null if it isn't wanted. r is computed again, nothing is stored.
void additive_scores_gradient(const AdditiveScoresShape& s, const float* query, const float* key,
                              const float* scale, const float* g, float* dquery, float* dkey,
                              float* dscale);

}  // namespace kindling::kernels
