// The activation functions of Keras: float32 of any shape -> the same shape. Another dtype fails,
// but for linear. Source: keras.activations.
#pragma once

#include <optional>

#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

// Activations whose derivative is a function of their result: conv1d and dense apply them in the
// same pass.
enum class Pointwise { linear, relu, sigmoid, tanh };

struct ReluOptions {
  double negative_slope = 0;
  std::optional<double> max_value = {};
  double threshold = 0;
};

Tensor relu(const Tensor& x);         // max(x, 0)
// x <= threshold ? negative_slope (x - threshold) : min(x, max_value)
Tensor relu(const Tensor& x, const ReluOptions& options);
Tensor relu6(const Tensor& x);        // min(max(x, 0), 6)
Tensor leaky_relu(const Tensor& x, double negative_slope);  // x < 0 ? negative_slope x : x
inline Tensor leaky_relu(const Tensor& x) { return leaky_relu(x, 0.2); }
Tensor elu(const Tensor& x, double alpha);                  // x < 0 ? alpha (exp(x) - 1) : x
inline Tensor elu(const Tensor& x) { return elu(x, 1); }
Tensor celu(const Tensor& x, double alpha);       // x < 0 ? alpha (exp(x / alpha) - 1) : x
inline Tensor celu(const Tensor& x) { return celu(x, 1); }
Tensor selu(const Tensor& x);         // 1.0507 (x < 0 ? 1.67326 (exp(x) - 1) : x)
Tensor gelu(const Tensor& x);         // x (1 + erf(x / sqrt(2))) / 2
// approximate: x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
Tensor gelu(const Tensor& x, bool approximate);
// The first half of an axis times sigmoid(the second): (2, 6) -> (2, 3); an odd size fails.
Tensor glu(const Tensor& x, int axis = -1);
Tensor silu(const Tensor& x);         // x sigmoid(x)
Tensor mish(const Tensor& x);         // x tanh(softplus(x))
Tensor sigmoid(const Tensor& x);      // 1 / (1 + exp(-x))
Tensor log_sigmoid(const Tensor& x);  // log(sigmoid(x))
Tensor hard_sigmoid(const Tensor& x); // relu6(x + 3) / 6
Tensor hard_silu(const Tensor& x);    // x hard_sigmoid(x)
Tensor tanh(const Tensor& x);
Tensor hard_tanh(const Tensor& x);    // min(max(x, -1), 1)
Tensor tanh_shrink(const Tensor& x);  // x - tanh(x)
Tensor softplus(const Tensor& x);     // log(1 + exp(x))
Tensor squareplus(const Tensor& x, double b);     // (x + sqrt(x^2 + b)) / 2
inline Tensor squareplus(const Tensor& x) { return squareplus(x, 4); }
Tensor softsign(const Tensor& x);     // x / (1 + |x|)
// x nearer to 0 by the threshold, at most 0; a negative threshold fails.
Tensor soft_shrink(const Tensor& x, double threshold);
inline Tensor soft_shrink(const Tensor& x) { return soft_shrink(x, 0.5); }
Tensor hard_shrink(const Tensor& x, double threshold);  // |x| <= threshold ? 0 : x
inline Tensor hard_shrink(const Tensor& x) { return hard_shrink(x, 0.5); }
// x > threshold ? x : default_value
Tensor threshold(const Tensor& x, double threshold, double default_value);
Tensor sparse_plus(const Tensor& x);  // x < 1 ? max(x + 1, 0)^2 / 4 : x
Tensor sparse_sigmoid(const Tensor& x);      // min(max(x + 1, 0), 2) / 2
// What Keras's releases compute, max(x - t, 0) along an axis, which for all but one-hot results
// isn't what the paper has, whose results sum to 1: t there is (c_k - 1) / k of the k elements that
// stay, with c_i the sum of the i largest; Keras has (c_1 + .. + c_k - 1) / k.
// Source: keras.activations.sparsemax; Martins and Astudillo, "From softmax to sparsemax" (2016).
Tensor sparsemax(const Tensor& x, int axis = -1);
Tensor exponential(const Tensor& x);  // exp(x)
Tensor linear(const Tensor& x);       // x

}  // namespace kindling
#pragma GCC visibility pop
