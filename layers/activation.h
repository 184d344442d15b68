// Activation: an activation function as a layer.
//
// Options   activation, a function or its Keras name ("relu").
// Shapes    any float32 -> the same (glu: half the last axis)
// Masks     passed on.
// Errors    a name that is not known.
// Example   Tensor y = Activation({.activation = gelu})(x);
// Source    keras.layers.Activation.
#pragma once

#include <kindling/layers/activation_function.h>
#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct ActivationOptions {
  Required<ActivationFunction, struct ActivationOptions_activation> activation;
  std::string name = {};
};

class ActivationImpl : public LayerImpl {
 public:
  using Options = ActivationOptions;
  explicit ActivationImpl(Options options)
      : LayerImpl("Activation", options.name), options_(std::move(options)) {
    supports_masking_ = true;
    passes_masks_unseen_ = true;
  }
  void fields(Fields& f) override { f("activation", options_.activation); }
  void check(const Shapes& inputs) const override { check_count(inputs, 1); }
  void build(const Shapes& inputs) override {
    const Layer activation(options_.activation.value().layer());
    if (!activation.defined()) return;
    keep_layer(activation);
    activation.build(inputs);
  }
  Tensors call(const Tensors& inputs, const Call&) override {
    return {options_.activation.value()(inputs[0])};
  }
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override {
    const bool keeps = options_.activation.value().keeps_shape();
    return keeps ? inputs : LayerImpl::compute_output_shape(inputs, call);
  }

 private:
  Options options_;
};
using Activation = Handle<ActivationImpl>;

}  // namespace kindling
#pragma GCC visibility pop
