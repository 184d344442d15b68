// TimeDistributed: a layer applied to each step by itself, with the same weights.
//
// Options   layer, of one input.
// Shapes    (batch, steps, ...) -> (batch, steps, ...): what the layer makes of (batch, ...)
// Masks     (batch, steps) is passed on. One of more axes goes to the layer, each step's part with
//           the step, and what the layer passes on of it is the result's; of a layer whose call
//           doesn't look at masks it is the mask itself, if that fits the result.
// Errors    fewer than three axes; what the layer fails on.
// Example   auto sentences = TimeDistributed({.layer = LSTM({.units = 64})});
//           Tensor y = sentences(x);   // (batch, sentences, words, channels) -> (.., .., 64)
// Source    keras.layers.TimeDistributed.
#pragma once

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct TimeDistributedOptions {
  Required<Layer, struct TimeDistributedOptions_layer> layer;
  std::string name = {};
};

class TimeDistributedImpl : public LayerImpl {
 public:
  using Options = TimeDistributedOptions;
  explicit TimeDistributedImpl(Options options)
      : LayerImpl("TimeDistributed", options.name), options_(std::move(options)) {
    supports_masking_ = true;
    if (layer().defined()) add_layer(layer());
  }
  void fields(Fields& f) override;
  void check_options() const override;
  void check(const Shapes& inputs) const override;
  void build(const Shapes& inputs) override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;
  std::vector<DType> compute_output_dtypes(const std::vector<DType>& inputs) const override {
    return layer().impl()->compute_output_dtypes(inputs);
  }
  // Those that call() gave them.
  Tensors with_masks(Tensors results, const Tensors&, const Call&) override { return results; }

 private:
  const Layer& layer() const { return options_.layer; }

  Options options_;
};
using TimeDistributed = Handle<TimeDistributedImpl>;

}  // namespace kindling
#pragma GCC visibility pop
