// Flatten: all axes but the batch into one.
//
// Options   data_format (channels_first: the channels, axis 1, are moved last before flattening).
// Shapes    (batch, a, b, ..) -> (batch, a * b * ..); (batch,) -> (batch, 1)
// Masks     none: the input's ends here, with a warning.
// Example   Tensor y = Flatten()(random_normal({2, 3, 4}));   // (2, 12)
// Source    keras.layers.Flatten.
#pragma once

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct FlattenOptions {
  DataFormat data_format = DataFormat::channels_last;
  std::string name = {};
};

class FlattenImpl : public LayerImpl {
 public:
  using Options = FlattenOptions;
  explicit FlattenImpl(Options options)
      : LayerImpl("Flatten", options.name), options_(std::move(options)) {}
  void fields(Fields& f) override { f("data_format", options_.data_format); }
  void check(const Shapes& inputs) const override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;
  std::vector<DType> compute_output_dtypes(const std::vector<DType>& inputs) const override {
    return {inputs[0]};
  }

 private:
  Options options_;
};
using Flatten = Handle<FlattenImpl>;

}  // namespace kindling
#pragma GCC visibility pop
