#include <kindling/layers/additive_attention.h>

#include <kindling/tensor/fail.h>

namespace kindling {

void AdditiveAttentionImpl::fields(Fields& f) {
  f("use_scale", options_.use_scale);
  f("dropout", options_.dropout);
  f("causal", options_.causal);
  f("seed", options_.seed);
}

void AdditiveAttentionImpl::check_channels(const Shapes& inputs,
                                           const std::string& operands) const {
  AttentionBase::check_channels(inputs, operands);
  const std::int64_t channels = inputs[0][2];
  if (channels == any) fail("{}: the number of channels must be known {}", who(), operands);
  if (scale_.defined() && scale_.size(0) != channels) {
    fail("{}: scale {} was built for {} channels {}", who(), scale_.shape().str(), scale_.size(0),
         operands);
  }
}

void AdditiveAttentionImpl::build(const Shapes& inputs) {
  if (options_.use_scale) scale_ = add_weight("scale", {inputs[0][2]}, GlorotUniform());
}

Tensors AdditiveAttentionImpl::attend(const Tensors& inputs, const Call&,
                                      AttentionArguments arguments) {
  return additive_attention(inputs[0], inputs[1], key_of(inputs), scale_, arguments);
}

}  // namespace kindling
