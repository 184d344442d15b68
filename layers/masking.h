// Masking: says which steps are padding, those whose every channel is one number.
//
// Options   mask_value; NaN, which Keras lets stand for nothing, is found too.
// Shapes    (batch, steps, ...) -> the same, padding set to 0
// Masks     the result carries: any channel != mask_value, whatever mask the input carried.
// Errors    an input of fewer than two axes.
// Example   Tensor y = Masking({.mask_value = -1})(x);
// Source    keras.layers.Masking.
#pragma once

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct MaskingOptions {
  double mask_value = 0;
  std::string name = {};
};

class MaskingImpl : public LayerImpl {
 public:
  using Options = MaskingOptions;
  explicit MaskingImpl(Options options)
      : LayerImpl("Masking", options.name), options_(std::move(options)) {}
  void fields(Fields& f) override { f("mask_value", options_.mask_value); }
  void check(const Shapes& inputs) const override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call&) override { return inputs; }
  Tensor compute_mask(const Tensors& inputs, const Call& call) override;

 private:
  Options options_;
};
using Masking = Handle<MaskingImpl>;

}  // namespace kindling
#pragma GCC visibility pop
