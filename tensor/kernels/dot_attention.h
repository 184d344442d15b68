// Dot product attention, a tile of queries at a time, without keeping a number a pair:
//
//   weights   = softmax(scale * query key^T) of what is seen, in training with dropout
//   output[i] = sum over j of weights[i, j] * value[j]
//
// On the way back the weights are computed again.
#pragma once

#include <cstdint>

namespace kindling::kernels {

// query (batch, queries, heads, depth), key (batch, keys, heads, depth),
// value (batch, keys, heads, width): a head's rows are read where they lie.
struct DotAttentionShape {
  std::int64_t batch, heads, queries, keys, depth, width;
};

struct DotAttentionInputs {
  const float* query;
  const float* key;
  const float* value;
  float scale = 1;
  // Null for all true: (batch, queries), (batch, keys) and (batch, queries, keys).
  const bool* query_mask = nullptr;
  const bool* value_mask = nullptr;
  const bool* pair_mask = nullptr;
  bool causal = false;  // query i sees keys j <= i
  // False: a masked query has no output, and weights are those after dropout. True: it sees
  // nothing, queries that see nothing pass no gradient to their scores, and weights are those
  // before dropout.
  bool multi_head = false;
  bool blind_sees_all = true;  // a query that sees nothing weighs all keys alike; false: none
  double dropout = 0;  // in (0, 1) the weights are dropped out: attention_dropout.h
  std::uint64_t seed = 0, position = 0;
};

// output (batch, queries, heads, width); weights (batch, heads, queries, keys), or null if not
// asked for.
void dot_attention(const DotAttentionShape& s, const DotAttentionInputs& in, float* output,
                   float* weights);

// Gradients for the inputs from g, that of the output, and dweights, that of the weights or null;
// overwritten, each may be null if not wanted.
//   dp = g value^T, through dropout, + dweights;  ds = p * (dp - sum over j of p * dp)
//   dquery = scale * ds key,  dkey = scale * ds^T query,  dvalue = weights^T g
//   dscale = sum over i of query[i] . (ds key)[i]
struct DotAttentionGradients {
  float* query = nullptr;
  float* key = nullptr;
  float* value = nullptr;
  float* scale = nullptr;
};
void dot_attention_gradient(const DotAttentionShape& s, const DotAttentionInputs& in,
                            const float* g, const float* dweights,
                            const DotAttentionGradients& to);

}  // namespace kindling::kernels
