// SimpleRNN: h = activation(x kernel + h recurrent_kernel + bias).
//
// Weights   kernel (channels, units), recurrent_kernel (units, units), bias (units,)
// Example   Tensor y = SimpleRNN({.units = 64})(x);   // (batch, steps, channels) -> (batch, 64)
// Inputs, shapes, masks, errors and the other options: layers/recurrent.h.
// Source    keras.layers.SimpleRNN.
#pragma once

#include <kindling/layers/recurrent.h>

#pragma GCC visibility push(default)
namespace kindling {

struct SimpleRNNOptions {
  Required<std::int64_t, struct SimpleRNNOptions_units> units;
  ActivationFunction activation = tanh;
  bool use_bias = true;
  Initializer kernel_initializer = GlorotUniform();
  Initializer recurrent_initializer = Orthogonal();
  Initializer bias_initializer = Zeros();
  Regularizer kernel_regularizer = {};
  Regularizer recurrent_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0;
  double recurrent_dropout = 0;
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool stateful = false;
  bool unroll = false;
  std::optional<std::int64_t> seed = {};
  bool zero_output_for_mask = false;
  std::string name = {};
};

class SimpleRNNImpl : public RecurrentImpl<SimpleRNNOptions> {
 public:
  explicit SimpleRNNImpl(Options options)
      : RecurrentImpl("SimpleRNN", std::move(options), 1, 1) {}

 protected:
  Tensors step(const Tensors& x, const Inner& inner, const Tensors& states) const override;
};
using SimpleRNN = RecurrentHandle<SimpleRNNImpl>;

}  // namespace kindling
#pragma GCC visibility pop
