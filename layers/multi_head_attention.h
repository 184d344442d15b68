// MultiHeadAttention: several attentions side by side, each between projections of its own
// (Vaswani et al., 2017: https://arxiv.org/abs/1706.03762).
//
//   of each head: q = query Wq + bq, k = key Wk + bk, v = value Wv + bv,
//   softmax(q k^T / sqrt(key_dim)) v;  output = those of all heads, projected together
//
// Options   num_heads, key_dim, value_dim (else key_dim), dropout (on the softmax weights, in
//           training), use_bias, output_shape (else the query's channels), kernel_initializer,
//           bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer (of the
//           four projections), kernel_constraint, bias_constraint, seed.
// Inputs    {query, value}, {query, value, key} or {query, value, key, attention_mask}; the key
//           defaults to the value. attention_mask, in Keras a call argument: bool (batch, Tq, Tv).
// Shapes    {(batch, Tq, dim), (batch, Tv, ..), (batch, Tv, ..)} -> (batch, Tq, output_shape...)
//           scores: (batch, num_heads, Tq, Tv), before dropout
// Weights   query/kernel (dim, num_heads, key_dim), query/bias (num_heads, key_dim), the same of
//           key and value, attention_output/kernel (num_heads, value_dim, output_shape...),
//           attention_output/bias (output_shape...)
// Masks     a query sees a value if no mask hides either, nor the key, nor their pair, nor the
//           causal order; one that sees nothing weighs all alike, or, as in Keras where dropout is
//           above 0 or scores are returned, gets no values. The query's is passed on; scores
//           carry what masks, attention_mask and causality leave of the pairs. In a Model it
//           takes masks away from query, value and key, as in Keras since 3.8: a later
//           MultiHeadAttention of theirs, or of Add()({x, attention}), sees none, and a model's
//           output that comes of them carries none.
// Errors    other than two to four inputs; sizes that don't fit or differ from those built for.
// Example   auto attention = MultiHeadAttention({.num_heads = 4, .key_dim = 32});
//           Tensor y = attention({x, x}, {.use_causal_mask = true});
// Source    keras.layers.MultiHeadAttention.
#pragma once

#include <kindling/layers/attention_base.h>

#pragma GCC visibility push(default)
namespace kindling {

struct MultiHeadAttentionOptions {
  Required<std::int64_t, struct MultiHeadAttentionOptions_num_heads> num_heads;
  Required<std::int64_t, struct MultiHeadAttentionOptions_key_dim> key_dim;
  std::optional<std::int64_t> value_dim = {};
  double dropout = 0;
  bool use_bias = true;
  Shape output_shape = {};
  Initializer kernel_initializer = GlorotUniform();
  Initializer bias_initializer = Zeros();
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  std::optional<std::int64_t> seed = {};
  std::string name = {};
};

class MultiHeadAttentionImpl : public AttentionBase {
 public:
  using Options = MultiHeadAttentionOptions;
  explicit MultiHeadAttentionImpl(Options options)
      : AttentionBase("MultiHeadAttention", options.name), options_(std::move(options)) {
    takes_masks_away_ = true;
  }
  void fields(Fields& f) override;
  void check_options() const override;
  void check(const Shapes& inputs) const override;
  void build(const Shapes& inputs) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;
  Tensors with_masks(Tensors results, const Tensors& inputs, const Call& call) override;

 private:
  // x's last axes times a kernel, which has `summed` of them before those of the result.
  struct Projection {
    Tensor kernel = {}, bias = {};
    int summed = 1;
  };
  Projection make_projection(const std::string& name, const Shape& kernel, int summed);
  Tensor project(const Tensor& x, const Projection& projection);

  Shared shared() const override { return {options_.dropout, false, options_.seed}; }
  void check_channels(const Shapes& inputs, const std::string& operands) const override;
  Tensors attend(const Tensors& inputs, const Call& call, AttentionArguments arguments) override;
  std::int64_t value_dim() const { return options_.value_dim.value_or(options_.key_dim); }

  Options options_;
  Projection query_, key_, value_, output_;
};
using MultiHeadAttention = AttentionHandle<MultiHeadAttentionImpl>;

}  // namespace kindling
#pragma GCC visibility pop
