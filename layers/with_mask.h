// WithMask: gives a tensor in a Model the mask that layers called on it are to see. On tensors,
// with_mask of tensor/tensor.h does the same.
//
//   encoded = with_mask(cnn_layer(embedded), not_equal(ids, 0));   // the convolution lost it
//
// Inputs    x and its mask.
// Shapes    (s...), bool with the leading sizes of x -> (s...)
// Masks     the second input, in place of any that x carries.
// Errors    a mask that is not bool, or that doesn't fit.
#pragma once

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct WithMaskOptions {
  std::string name = {};
};

class WithMaskImpl : public LayerImpl {
 public:
  using Options = WithMaskOptions;
  explicit WithMaskImpl(Options options) : LayerImpl("WithMask", options.name) {}
  void check(const Shapes& inputs) const override;
  Tensors call(const Tensors& inputs, const Call&) override { return {inputs[0]}; }
  Shapes compute_output_shape(const Shapes& inputs, const Call&) override { return {inputs[0]}; }
  std::vector<DType> compute_output_dtypes(const std::vector<DType>& inputs) const override;
  Tensor compute_mask(const Tensors& inputs, const Call&) override { return inputs[1]; }
};
using WithMask = Handle<WithMaskImpl>;

SymbolicTensor with_mask(const SymbolicTensor& x, const SymbolicTensor& mask);

}  // namespace kindling
#pragma GCC visibility pop
