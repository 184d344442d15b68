// Differentiable operations on sequences (batch, steps, channels), each one fused kernel.
#pragma once

#include <kindling/tensor/tensor.h>

namespace kindling {

struct Conv1DShape {
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t groups = 1;
  std::int64_t pad_left = 0;  // zeros before the first step
  std::int64_t pad_right = 0;
};

// x (batch, steps, channels), kernel (taps, channels / groups, filters), bias (filters,) or
// undefined -> (batch, steps', filters), steps' = (steps + pads - effective) / stride + 1 where
// effective = (taps - 1) * dilation + 1; no steps give no steps.
Tensor conv1d(const Tensor& x, const Tensor& kernel, const Tensor& bias,
              const Conv1DShape& options = {});

// query (batch, Tq, depth), key (batch, Tv, depth), scale (depth,) or undefined -> (batch, Tq, Tv):
// sum over d of scale[d] * tanh(query[b, i, d] + key[b, j, d]), without a tensor of four axes.
Tensor additive_scores(const Tensor& query, const Tensor& key, const Tensor& scale);

struct AdditiveAttentionMasks {
  Tensor query = {};    // bool (batch, Tq), undefined for all true; where false, the output is 0
  Tensor value = {};    // bool (batch, Tv), undefined for all true
  bool causal = false;  // query i sees j <= i
};

// query (batch, Tq, depth), value (batch, Tv, width), key (batch, Tv, depth), scale (depth,) or
// undefined -> (batch, Tq, width): softmax over j of additive_scores, times value. Nothing of size
// Tq * Tv is kept. A query that sees nothing weighs all values alike.
Tensor additive_attention(const Tensor& query, const Tensor& value, const Tensor& key,
                          const Tensor& scale, const AdditiveAttentionMasks& masks = {});

// x (batch, steps, channels), mask bool (batch, steps) or undefined -> (batch, channels): the mean
// over the steps that count. A row where none counts gives 0.
Tensor mean_over_steps(const Tensor& x, const Tensor& mask);

}  // namespace kindling
