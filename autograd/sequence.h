// Differentiable operations on sequences (batch, steps, channels) and on rows, each one fused
// kernel but for mean_over_steps.
#pragma once

#include <kindling/autograd/activations.h>
#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

class Generator;

struct Conv1DShape {
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t groups = 1;
  std::int64_t pad_left = 0;  // zeros before the first step
  std::int64_t pad_right = 0;
};

// x (batch, steps, channels), kernel (taps, channels / groups, filters), bias (filters,) or
// undefined -> (batch, steps', filters), steps' = (steps + pads - effective) / stride + 1 where
// effective = (taps - 1) * dilation + 1; no steps give no steps. The activation is applied in the
// same pass. Where it is faster it takes Winograd's form (tensor/kernels/winograd.h): within a tile
// of six steps a NaN or infinity may then reach outputs that don't see its step. Whether it does
// depends on the steps of the whole batch, so the last bits of a sample's result do, too.
Tensor conv1d(const Tensor& x, const Tensor& kernel, const Tensor& bias,
              const Conv1DShape& options = {}, Pointwise activation = Pointwise::linear);

struct AttentionArguments {
  Tensor query_mask = {};  // bool (batch, Tq), undefined for all true; where false, the output is 0
  Tensor value_mask = {};  // bool (batch, Tv), undefined for all true
  bool causal = false;     // query i sees j <= i
  double dropout = 0;      // in [0, 1), of the weights, with numbers of the generator
  Generator* generator = nullptr;
  bool return_scores = false;
  // dot_product_attention's:
  Tensor pair_mask = {};       // bool (batch, Tq, Tv), undefined for all true
  bool blind_sees_all = true;  // a query that sees nothing weighs all values alike; false: none
};

// query (batch, Tq, depth), value (batch, Tv, width), key (batch, Tv, depth), scale (depth,) or
// undefined -> output (batch, Tq, width) and, if asked for, scores (batch, Tq, Tv):
//   scores = softmax over j of sum over d of scale[d] * tanh(query[b, i, d] + key[b, j, d])
//   output = scores times value
// Nothing else of size Tq * Tv is kept. A query that sees nothing weighs all values alike.
Tensors additive_attention(const Tensor& query, const Tensor& value, const Tensor& key,
                           const Tensor& scale, const AttentionArguments& options = {});

// Recurrent layers. x (batch, steps, gates * units) holds what the inputs add to the gates; what
// the state adds is h recurrent_kernel, (units, gates * units); states are (batch, units). Where
// mask, bool (batch, steps) or undefined, is false, the state stays as it was.
//   i, f, g, o = sigmoid, sigmoid, tanh, sigmoid(x + h recurrent_kernel)
//   c = f c + i g;  h = o tanh(c)
// -> {h of all steps (batch, steps, units), last h, last c}
Tensors lstm(const Tensor& x, const Tensor& recurrent_kernel, const Tensor& h, const Tensor& c,
             const Tensor& mask = {});
// With s = h recurrent_kernel + recurrent_bias, (3 * units,) or undefined:
//   z, r = sigmoid(x + s);  n = tanh(x + r s);  h = z h + (1 - z) n
// -> {h of all steps, last h}
Tensors gru(const Tensor& x, const Tensor& recurrent_kernel, const Tensor& recurrent_bias,
            const Tensor& h, const Tensor& mask = {});

// query (batch, Tq, depth), value (batch, Tv, width), key (batch, Tv, depth), scale () or undefined
// -> output (batch, Tq, width) and, if asked for, scores (batch, Tq, Tv):
//   scores = softmax over j of scale * sum over d of query[b, i, d] * key[b, j, d]
//   output = scores times value
// With an axis of heads, query (batch, Tq, heads, depth) and so on -> (batch, Tq, heads, width) and
// (batch, heads, Tq, Tv), by the rules of MultiHeadAttention: a masked query sees nothing, one that
// sees nothing passes no gradient to its scores, and scores are those before dropout.
Tensors dot_product_attention(const Tensor& query, const Tensor& value, const Tensor& key,
                              const Tensor& scale, const AttentionArguments& options = {});

// x with zeros in what mask, bool of x's leading sizes, leaves out, if there is a NaN or an
// infinity in that, which a weight of 0 wouldn't take away. Otherwise x itself.
Tensor finite_where_masked(const Tensor& x, const Tensor& mask);

// x (batch, steps, channels), mask bool (batch, steps) or undefined -> (batch, channels): the mean
// over the steps that count. A row where none counts gives 0.
Tensor mean_over_steps(const Tensor& x, const Tensor& mask);

struct PoolShape {
  std::int64_t size = 2;
  std::int64_t stride = 2;
  std::int64_t pad_left = 0;  // steps that windows reach beyond the first; they don't count
  std::int64_t pad_right = 0;
};

// x (batch, steps, channels) -> (batch, steps', channels), steps' = (steps + pads - size) / stride
// + 1: of each window of steps the largest, whose first place gets the gradient, or the mean.
Tensor max_pool1d(const Tensor& x, const PoolShape& options = {});
Tensor average_pool1d(const Tensor& x, const PoolShape& options = {});

// (x - mean) / sqrt(variance + epsilon) * gamma + beta over the last axis: x (..., n), gamma and
// beta (n,) or undefined -> (..., n)
Tensor layer_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double epsilon = 1e-3);

}  // namespace kindling
#pragma GCC visibility pop
