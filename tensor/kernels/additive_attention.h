// Additive attention in one pass, without a tensor of a number a pair:
//
//   scores[i, j] = sum over d of scale[d] * tanh(query[i, d] + key[j, d])
//   output[i]    = sum over j of softmax(scores)[i, j] * value[j]
//
// A block works on some queries of one sequence, whose scores fit in the cache. What is kept for
// the way back is a number a query, log_sums[i] = log of the sum over j of exp(scores[i, j]), from
// which the weights come back when the scores are computed again.
#pragma once

#include <cstdint>

namespace kindling::kernels {

// query (batch, queries, depth), key (batch, keys, depth), value (batch, keys, width).
struct AdditiveAttentionShape {
  std::int64_t batch, queries, keys, depth, width;
};

struct AdditiveAttentionInputs {
  const float* query;
  const float* key;
  const float* value;
  const float* scale = nullptr;       // (depth), null: all ones
  const bool* query_mask = nullptr;   // (batch, queries), null: all true; false makes the output 0
  const bool* value_mask = nullptr;   // (batch, keys), null: all true
  bool causal = false;                // query i sees keys j <= i
};

// output (batch, queries, width) and log_sums (batch, queries). A query that sees no key weighs all
// alike; its log_sum is infinite.
void additive_attention(const AdditiveAttentionShape& s, const AdditiveAttentionInputs& in,
                        float* output, float* log_sums);

// Gradients for the inputs from that of the output; overwritten, each may be null if not wanted.
//   p = softmax(scores),  ds[i, j] = p[i, j] * (g[i] . value[j] - g[i] . output[i])
//   dvalue[j] = sum over i of p[i, j] * g[i]
//   dquery[i] = scale * sum over j of ds[i, j] * (1 - tanh^2),  dkey[j] the same over i
//   dscale    = sum over i, j of ds[i, j] * tanh
struct AdditiveAttentionGradients {
  float* query = nullptr;
  float* key = nullptr;
  float* value = nullptr;
  float* scale = nullptr;
};
void additive_attention_gradient(const AdditiveAttentionShape& s, const AdditiveAttentionInputs& in,
                                 const float* output, const float* log_sums, const float* g,
                                 const AdditiveAttentionGradients& to);

}  // namespace kindling::kernels
