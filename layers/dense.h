// Dense: every result is a weighted sum of all inputs.
//
// Options   units, activation, use_bias; initializer, regularizer and constraint of kernel and
//           bias, activity_regularizer.
// Shapes    (batch, ..., channels) -> (batch, ..., units)
// Weights   kernel (channels, units), bias (units,)
// Masks     passed on.
// Errors    another number of channels than it was built for.
// Example   auto hidden = Dense({.units = 64, .activation = relu});
//           Tensor y = hidden(random_normal({32, 200}));   // (32, 64)
// Source    keras.layers.Dense.
#pragma once

#include <kindling/layers/activation_function.h>
#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct DenseOptions {
  Required<std::int64_t, struct DenseOptions_units> units;
  ActivationFunction activation = {};
  bool use_bias = true;
  Initializer kernel_initializer = GlorotUniform();
  Initializer bias_initializer = Zeros();
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  std::string name = {};
};

class DenseImpl : public LayerImpl {
 public:
  using Options = DenseOptions;
  explicit DenseImpl(Options options)
      : LayerImpl("Dense", options.name), options_(std::move(options)) {
    supports_masking_ = true;
    passes_masks_unseen_ = true;
  }
  void fields(Fields& f) override;
  void check_options() const override;
  void check(const Shapes& inputs) const override;
  void build(const Shapes& inputs) override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;

 protected:
  Regularizer activity_regularizer() const override { return options_.activity_regularizer; }

 private:
  Options options_;
  Tensor kernel_, bias_;
};
using Dense = Handle<DenseImpl>;

}  // namespace kindling
#pragma GCC visibility pop
