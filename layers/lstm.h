// LSTM: long short-term memory (Hochreiter and Schmidhuber, 1997). Two states, h and c:
//
//   i, f, o = recurrent_activation(x kernel + h recurrent_kernel + bias), g = activation(the same)
//   c = f c + i g;  h = o activation(c)
//
// The gates stand in the order i, f, g, o; with unit_forget_bias the bias of f starts at 1.
// Weights   kernel (channels, 4 * units), recurrent_kernel (units, 4 * units), bias (4 * units,)
// Example   auto encoder = LSTM({.units = 64, .return_state = true});
//           auto [output, states] = encoder.with_state({x});
//           Tensor y = LSTM({.units = 64, .return_sequences = true})({x2, states[0], states[1]});
// Inputs, shapes, masks, errors and the other options: layers/recurrent.h.
// Source    keras.layers.LSTM.
#pragma once

#include <kindling/layers/recurrent.h>

#pragma GCC visibility push(default)
namespace kindling {

struct LSTMOptions {
  Required<std::int64_t, struct LSTMOptions_units> units;
  ActivationFunction activation = tanh;
  ActivationFunction recurrent_activation = sigmoid;
  bool use_bias = true;
  Initializer kernel_initializer = GlorotUniform();
  Initializer recurrent_initializer = Orthogonal();
  Initializer bias_initializer = Zeros();
  bool unit_forget_bias = true;
  Regularizer kernel_regularizer = {};
  Regularizer recurrent_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0;
  double recurrent_dropout = 0;
  std::optional<std::int64_t> seed = {};
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool stateful = false;
  bool unroll = false;
  bool zero_output_for_mask = false;
  std::string name = {};
};

class LSTMImpl : public RecurrentImpl<LSTMOptions> {
 public:
  explicit LSTMImpl(Options options)
      : RecurrentImpl("LSTM", std::move(options), 4, 2) {}

 protected:
  Tensors step(const Tensors& x, const Inner& inner, const Tensors& states) const override;
  Tensors all_steps(const Tensor& x, const Tensor& recurrent_kernel, const Tensor& recurrent_bias,
                    const Tensors& states, const Tensor& mask) const override;
  Initializer bias_initializer() const override;
};
using LSTM = RecurrentHandle<LSTMImpl>;

}  // namespace kindling
#pragma GCC visibility pop
