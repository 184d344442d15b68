#include <kindling/layers/attention.h>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/shaping.h>

namespace kindling {
namespace {

constexpr Word<ScoreMode> score_modes[] = {{ScoreMode::dot, "dot"}, {ScoreMode::concat, "concat"}};

}  // namespace

Config to_config(ScoreMode mode) { return word_of(mode, score_modes); }

void from_config(const Config& config, ScoreMode& mode, const std::string& what) {
  read_word(config, mode, what, score_modes);
}

void AttentionImpl::fields(Fields& f) {
  f("use_scale", options_.use_scale);
  f("score_mode", options_.score_mode);
  f("dropout", options_.dropout);
  f("causal", options_.causal);
  f("seed", options_.seed);
}

void AttentionImpl::build(const Shapes&) {
  if (options_.use_scale) scale_ = add_weight("scale", {}, Ones());
  if (options_.score_mode == ScoreMode::concat) {
    concat_score_weight_ = add_weight("concat_score_weight", {}, Ones());
  }
}

Tensors AttentionImpl::attend(const Tensors& inputs, const Call&, AttentionArguments arguments) {
  const Tensor &query = inputs[0], &value = inputs[1], &key = key_of(inputs);
  if (options_.score_mode == ScoreMode::dot) {
    return dot_product_attention(query, value, key, scale_, arguments);
  }
  // tanh(scale * (q + k)) = tanh(scale * q + scale * k)
  const auto scaled = [&](const Tensor& x) { return scale_.defined() ? x * scale_ : x; };
  return additive_attention(scaled(query), value, scaled(key),
                            broadcast_to(concat_score_weight_, {query.size(2)}), arguments);
}

}  // namespace kindling
