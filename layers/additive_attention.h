// AdditiveAttention: each query looks at all values and takes a weighted mean of them
// (Bahdanau, Cho and Bengio, 2015: https://arxiv.org/abs/1409.0473).
//
//   scores[b, i, j] = sum over d of scale[d] * tanh(query[b, i, d] + key[b, j, d])
//   output[b, i]    = sum over j of softmax(scores[b, i])[j] * value[b, j]
//
// Options   use_scale (false: scale is 1), dropout (on the softmax weights, in training), causal
//           (query i sees values j <= i; also as the call argument use_causal_mask), seed.
// Inputs    {query, value} or {query, value, key}; the key defaults to the value.
// Shapes    {(batch, Tq, dim), (batch, Tv, depth), (batch, Tv, dim)} -> (batch, Tq, depth)
//           scores: (batch, Tq, Tv), after dropout
// Weights   scale (dim,)
// Masks     the query's: masked rows of the output are 0, and it is passed on. The value's: masked
//           values get no weight; a row that sees no value at all weighs all of them alike.
// Errors    other than two or three inputs; sizes that don't fit.
// Example   auto attention = AdditiveAttention();
//           Tensor output = attention({query, value});
//           auto [out, scores] = attention.with_scores({query, value}, {.mask = {q_mask, v_mask}});
// Source    keras.layers.AdditiveAttention.
#pragma once

#include <kindling/layers/attention_base.h>

#pragma GCC visibility push(default)
namespace kindling {

struct AdditiveAttentionOptions {
  bool use_scale = true;
  double dropout = 0;
  bool causal = false;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
};

class AdditiveAttentionImpl : public AttentionBase {
 public:
  using Options = AdditiveAttentionOptions;
  explicit AdditiveAttentionImpl(Options options)
      : AttentionBase("AdditiveAttention", options.name), options_(std::move(options)) {}
  void fields(Fields& f) override;
  void build(const Shapes& inputs) override;

 private:
  Shared shared() const override { return {options_.dropout, options_.causal, options_.seed}; }
  void check_channels(const Shapes& inputs, const std::string& operands) const override;
  Tensors attend(const Tensors& inputs, const Call& call, AttentionArguments arguments) override;

  Options options_;
  Tensor scale_;
};
using AdditiveAttention = AttentionHandle<AdditiveAttentionImpl>;

}  // namespace kindling
#pragma GCC visibility pop
