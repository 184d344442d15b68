// The activation functions of Keras, element by element. Source: keras.activations.
#pragma once

#include <kindling/tensor/tensor.h>

namespace kindling {

// Activations whose derivative is a function of their result: conv1d and dense apply them in the
// same pass.
enum class Pointwise { linear, relu, sigmoid, tanh };

Tensor relu(const Tensor& x);         // max(x, 0)
Tensor relu6(const Tensor& x);        // min(max(x, 0), 6)
Tensor leaky_relu(const Tensor& x);   // x < 0 ? 0.2 x : x
Tensor elu(const Tensor& x);          // x < 0 ? exp(x) - 1 : x
Tensor selu(const Tensor& x);         // 1.0507 (x < 0 ? 1.67326 (exp(x) - 1) : x)
Tensor gelu(const Tensor& x);         // x (1 + erf(x / sqrt(2))) / 2
Tensor silu(const Tensor& x);         // x sigmoid(x)
Tensor mish(const Tensor& x);         // x tanh(softplus(x))
Tensor sigmoid(const Tensor& x);      // 1 / (1 + exp(-x))
Tensor hard_sigmoid(const Tensor& x); // relu6(x + 3) / 6
Tensor tanh(const Tensor& x);
Tensor softplus(const Tensor& x);     // log(1 + exp(x))
Tensor softsign(const Tensor& x);     // x / (1 + |x|)
Tensor exponential(const Tensor& x);  // exp(x)
Tensor linear(const Tensor& x);       // x

}  // namespace kindling
