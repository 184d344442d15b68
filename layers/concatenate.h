// Concatenate: inputs one after the other along an axis.
//
// Options   axis (of the batch too; -1: the last).
// Shapes    {(batch, ..., a), (batch, ..., b), ..} -> (batch, ..., a + b + ..)
// Masks     none if no input carries one; an input without counts as all true. Along a masked axis
//           they are concatenated, along a later one a step counts where it does in any input.
// Errors    fewer than one input; shapes that differ elsewhere than along the axis.
// Example   Tensor y = Concatenate()({random_normal({2, 100}), random_normal({2, 100})});
// Source    keras.layers.Concatenate.
#pragma once

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct ConcatenateOptions {
  std::int64_t axis = -1;
  std::string name = {};
};

class ConcatenateImpl : public LayerImpl {
 public:
  using Options = ConcatenateOptions;
  explicit ConcatenateImpl(Options options)
      : LayerImpl("Concatenate", options.name), options_(std::move(options)) {
    supports_masking_ = true;
    passes_masks_unseen_ = true;
  }
  void fields(Fields& f) override { f("axis", options_.axis); }
  void check(const Shapes& inputs) const override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;
  std::vector<DType> compute_output_dtypes(const std::vector<DType>& inputs) const override {
    return {inputs[0]};
  }
  Tensor compute_mask(const Tensors& inputs, const Call& call) override;

 private:
  int axis() const { return static_cast<int>(options_.axis); }
  Options options_;
};
using Concatenate = Handle<ConcatenateImpl>;

}  // namespace kindling
#pragma GCC visibility pop
