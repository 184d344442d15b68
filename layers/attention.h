// Attention: each query looks at all values and takes a weighted mean of them
// (Luong, Pham and Manning, 2015: https://arxiv.org/abs/1508.04025).
//
//   dot:    scores[b, i, j] = scale * sum over d of q[b, i, d] * k[b, j, d]
//   concat: scores[b, i, j] = concat_score_weight *
//                             sum over d of tanh(scale * (q[b, i, d] + k[b, j, d]))
//   output[b, i]    = sum over j of softmax(scores[b, i])[j] * value[b, j]
//
// Options   use_scale (false: scale is 1), score_mode (dot or concat), dropout (on the softmax
//           weights, in training), causal (query i sees values j <= i; also as the call argument
//           use_causal_mask), seed.
// Inputs, shapes, masks and errors: as AdditiveAttention's.
// Weights   scale () if use_scale, concat_score_weight () if score_mode is concat; both begin as 1.
// Example   auto attention = Attention({.use_scale = true});
//           Tensor output = attention({query, value});
//           auto [out, scores] = attention.with_scores({query, value}, {.use_causal_mask = true});
// Source    keras.layers.Attention.
#pragma once

#include <kindling/layers/attention_base.h>

#pragma GCC visibility push(default)
namespace kindling {

enum class ScoreMode { dot, concat };
Config to_config(ScoreMode mode);
void from_config(const Config& config, ScoreMode& mode, const std::string& what);

struct AttentionOptions {
  bool use_scale = false;
  ScoreMode score_mode = ScoreMode::dot;
  double dropout = 0;
  bool causal = false;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
};

class AttentionImpl : public AttentionBase {
 public:
  using Options = AttentionOptions;
  explicit AttentionImpl(Options options)
      : AttentionBase("Attention", options.name), options_(std::move(options)) {}
  void fields(Fields& f) override;
  void build(const Shapes& inputs) override;

 private:
  Shared shared() const override { return {options_.dropout, options_.causal, options_.seed}; }
  Tensors attend(const Tensors& inputs, const Call& call, AttentionArguments arguments) override;

  Options options_;
  Tensor scale_, concat_score_weight_;
};
using Attention = AttentionHandle<AttentionImpl>;

}  // namespace kindling
#pragma GCC visibility pop
