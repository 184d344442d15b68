// GRU: gated recurrent unit (Cho et al., 2014: https://arxiv.org/abs/1406.1078). One state, h:
//
//   z, r = recurrent_activation(x kernel + h recurrent_kernel + bias)
//   n = activation(x kernel + r (h recurrent_kernel)), or, with reset_after = false,
//       activation(x kernel + (r h) recurrent_kernel)
//   h = z h + (1 - z) n
//
// The gates stand in the order z, r, n.
// Weights   kernel (channels, 3 * units), recurrent_kernel (units, 3 * units), bias (2, 3 * units):
//           row 0 for the inputs, row 1 for the state; (3 * units,) with reset_after = false.
// Example   Tensor y = GRU({.units = 64})(x);   // (batch, steps, channels) -> (batch, 64)
// Inputs, shapes, masks, errors and the other options: layers/recurrent.h.
// Source    keras.layers.GRU.
#pragma once

#include <kindling/layers/recurrent.h>

#pragma GCC visibility push(default)
namespace kindling {

struct GRUOptions {
  Required<std::int64_t, struct GRUOptions_units> units;
  ActivationFunction activation = tanh;
  ActivationFunction recurrent_activation = sigmoid;
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
  std::optional<std::int64_t> seed = {};
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool stateful = false;
  bool unroll = false;
  bool reset_after = true;
  bool zero_output_for_mask = false;
  std::string name = {};
};

class GRUImpl : public RecurrentImpl<GRUOptions> {
 public:
  explicit GRUImpl(Options options)
      : RecurrentImpl("GRU", std::move(options), 3, 1) {}

 protected:
  Tensors step(const Tensors& x, const Inner& inner, const Tensors& states) const override;
  Tensors all_steps(const Tensor& x, const Tensor& recurrent_kernel, const Tensor& recurrent_bias,
                    const Tensors& states, const Tensor& mask) const override;
  Shape bias_shape() const override {
    const Shape row{3 * options_.units};
    return options_.reset_after ? row.inserted(0, 2) : row;
  }
};
using GRU = RecurrentHandle<GRUImpl>;

}  // namespace kindling
#pragma GCC visibility pop
