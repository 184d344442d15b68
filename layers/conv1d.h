// Conv1D: a window slides over the steps of a sequence; each filter is a weighted sum of what the
// window shows.
//
// Options   filters, kernel_size, strides, padding (valid: windows inside the sequence; same: as
//           many results as steps / strides; causal: a result sees no later step), dilation_rate
//           (gaps between the window's steps), groups (channels fall into groups that don't mix),
//           activation, use_bias; initializer, regularizer and constraint of kernel and bias,
//           activity_regularizer.
// Shapes    (batch, steps, channels) -> (batch, steps', filters)
// Weights   kernel (kernel_size, channels / groups, filters), bias (filters,)
// Masks     none: the input's ends here, with a warning.
// Errors    strides and dilation_rate both above 1; channels or filters that groups doesn't divide;
//           another number of channels than it was built for; fewer steps than a window (valid).
// Example   auto cnn = Conv1D({.filters = 100, .kernel_size = 4, .padding = Padding::same});
//           Tensor y = cnn(random_normal({2, 30, 128}));   // (2, 30, 100)
// Exactness kernel_size 3 to 5, strides and dilation_rate 1, not causal, 32 channels and filters or
//           more: Winograd's form, whose rounding errors are about twice those of plain sums
//           (tensor/kernels/winograd.h). Within a tile of six steps, a NaN or infinity may reach
//           outputs that don't see its step. A batch of few steps does without the form, so the
//           last bits of a sample's result depend on the batch it is in.
// Source    keras.layers.Conv1D.
#pragma once

#include <kindling/autograd/sequence.h>
#include <kindling/layers/activation_function.h>
#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct Conv1DOptions {
  Required<std::int64_t, struct Conv1DOptions_filters> filters;
  Required<std::int64_t, struct Conv1DOptions_kernel_size> kernel_size;
  std::int64_t strides = 1;
  Padding padding = Padding::valid;
  std::int64_t dilation_rate = 1;
  std::int64_t groups = 1;
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

class Conv1DImpl : public LayerImpl {
 public:
  using Options = Conv1DOptions;
  explicit Conv1DImpl(Options options)
      : LayerImpl("Conv1D", options.name), options_(std::move(options)) {}
  void fields(Fields& f) override;
  void check_options() const override;
  void check(const Shapes& inputs) const override;
  void build(const Shapes& inputs) override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;

 protected:
  Regularizer activity_regularizer() const override { return options_.activity_regularizer; }

 private:
  std::int64_t effective() const { return (options_.kernel_size - 1) * options_.dilation_rate + 1; }

  Options options_;
  Tensor kernel_, bias_;
};
using Conv1D = Handle<Conv1DImpl>;

}  // namespace kindling
#pragma GCC visibility pop
