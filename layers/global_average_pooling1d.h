// GlobalAveragePooling1D: the mean over the steps of a sequence.
//
// Options   data_format (channels_last: (batch, steps, channels); channels_first: (batch,
//           channels, steps)), keepdims (the steps axis stays, with size 1).
// Shapes    (batch, steps, channels) -> (batch, channels)
// Masks     with one, only steps that count are averaged; it ends here. A row where no step counts
//           gives 0 (Keras gives NaN).
// Errors    an input that isn't of three axes; a mask that isn't (batch, steps).
// Example   Tensor y = GlobalAveragePooling1D()(random_normal({2, 30, 100}));   // (2, 100)
// Source    keras.layers.GlobalAveragePooling1D.
#pragma once

#include <kindling/layers/layer.h>

namespace kindling {

struct GlobalAveragePooling1DOptions {
  DataFormat data_format = DataFormat::channels_last;
  bool keepdims = false;
  std::string name = {};
};

class GlobalAveragePooling1DImpl : public LayerImpl {
 public:
  using Options = GlobalAveragePooling1DOptions;
  explicit GlobalAveragePooling1DImpl(Options options)
      : LayerImpl("GlobalAveragePooling1D", options.name), options_(std::move(options)) {
    supports_masking_ = true;
  }
  void fields(Fields& f) override;
  void check(const Shapes& inputs) const override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;
  Tensor compute_mask(const Tensors&, const Call&) override { return {}; }

 private:
  Options options_;
};
using GlobalAveragePooling1D = Handle<GlobalAveragePooling1DImpl>;

}  // namespace kindling
