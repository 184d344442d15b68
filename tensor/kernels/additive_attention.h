// Additive attention in one pass, without a tensor of a number a pair:
//
//   scores[i, j] = sum over d of scale[d] * tanh(query[i, d] + key[j, d])
//   weights      = softmax(scores), in training with dropout
//   output[i]    = sum over j of weights[i, j] * value[j]
//
// A tile is some queries of one sequence. What is kept for the way back is two numbers a query,
// from which the weights come back when the scores are computed again.
#pragma once

#include <cstdint>

#include <kindling/tensor/kernels/additive_tile.h>

namespace kindling::kernels {

// query (batch, queries, depth), key (batch, keys, depth), value (batch, keys, width).
struct AdditiveAttentionShape {
  std::int64_t batch, queries, keys, depth, width;
};

struct AdditiveAttentionInputs {
  const float* query;
  const float* key;
  const float* value;
  const float* scale = nullptr;      // (depth), null: all ones
  const bool* query_mask = nullptr;  // (batch, queries), null: all true; false makes the output 0
  const bool* value_mask = nullptr;  // (batch, keys), null: all true
  bool causal = false;               // query i sees keys j <= i
  // In (0, 1) the weights are dropped out: attention_dropout.h.
  double dropout = 0;
  std::uint64_t seed = 0, position = 0;
};

// output (batch, queries, width), softmax (batch, queries); weights (batch, queries, keys), or null
// if not asked for. A query that sees no key weighs all alike.
struct AdditiveAttentionResults {
  float* output;
  SoftmaxOf* softmax;
  float* weights = nullptr;
};
void additive_attention(const AdditiveAttentionShape& s, const AdditiveAttentionInputs& in,
                        const AdditiveAttentionResults& to);

// Gradients for the inputs from those of the results; overwritten, each may be null if not wanted.
//   dp[i, j] = g[i] . value[j] + dweights[i, j], through dropout; p = softmax(scores)
//   ds[i, j] = p[i, j] * (dp[i, j] - sum over j of p * dp)
//   dvalue[j] = sum over i of weights[i, j] * g[i];  the others as in AdditiveTile
struct AdditiveAttentionGradients {
  float* query = nullptr;
  float* key = nullptr;
  float* value = nullptr;
  float* scale = nullptr;
};
struct AdditiveAttentionBackward {
  const float* output;
  const SoftmaxOf* softmax;
  const float* g;                    // for the output
  const float* weights = nullptr;    // where they have a gradient
  const float* dweights = nullptr;   // that gradient, or null
};
void additive_attention_gradient(const AdditiveAttentionShape& s, const AdditiveAttentionInputs& in,
                                 const AdditiveAttentionBackward& from,
                                 const AdditiveAttentionGradients& to);

}  // namespace kindling::kernels
