// GlobalAveragePooling1D and GlobalMaxPooling1D: the mean, or the largest, of each channel over
// the steps of a sequence.
//
// Options   data_format (channels_last: (batch, steps, channels); channels_first: (batch,
//           channels, steps)), keepdims (the steps axis stays, with size 1).
// Shapes    (batch, steps, channels) -> (batch, channels)
// Masks     with one, only steps that count are averaged; it ends here. A row where no step counts,
//           or that has none, gives 0 (Keras gives NaN). GlobalMaxPooling1D takes none: it ends
//           with a warning.
// Errors    an input that isn't of three axes; a mask that isn't (batch, steps); no step to choose
//           the largest of.
// Gradient  equal largest steps share it.
// Example   Tensor y = GlobalAveragePooling1D()(random_normal({2, 30, 100}));   // (2, 100)
// Source    keras.layers.GlobalAveragePooling1D, keras.layers.GlobalMaxPooling1D.
#pragma once

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct GlobalPooling1DOptions {
  DataFormat data_format = DataFormat::channels_last;
  bool keepdims = false;
  std::string name = {};
};

class GlobalPooling1DImpl : public LayerImpl {
 public:
  using Options = GlobalPooling1DOptions;
  void fields(Fields& f) override;
  void check(const Shapes& inputs) const override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;
  Tensor compute_mask(const Tensors& inputs, const Call& call) override;

 protected:
  GlobalPooling1DImpl(const char* class_name, Options options, bool mean)
      : LayerImpl(class_name, options.name), options_(std::move(options)), mean_(mean) {}

 private:
  bool last() const { return options_.data_format == DataFormat::channels_last; }

  Options options_;
  bool mean_;
};

struct GlobalAveragePooling1DImpl : GlobalPooling1DImpl {
  explicit GlobalAveragePooling1DImpl(Options o)
      : GlobalPooling1DImpl("GlobalAveragePooling1D", std::move(o), true) {}
};
using GlobalAveragePooling1D = Handle<GlobalAveragePooling1DImpl>;

struct GlobalMaxPooling1DImpl : GlobalPooling1DImpl {
  explicit GlobalMaxPooling1DImpl(Options o)
      : GlobalPooling1DImpl("GlobalMaxPooling1D", std::move(o), false) {}
};
using GlobalMaxPooling1D = Handle<GlobalMaxPooling1DImpl>;

}  // namespace kindling
#pragma GCC visibility pop
