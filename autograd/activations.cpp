#include <kindling/autograd/activations.h>

#include <numbers>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/graph.h>
#include <kindling/autograd/operands.h>
#include <kindling/tensor/kernels/elementwise.h>

namespace kindling {
namespace {

using detail::chain;
using detail::map;

// x < 0 ? slope (exp(x) - 1) : x, times scale; the exponential only ever sees x <= 0.
Tensor scaled_elu(const Tensor& x, float scale, float slope) {
  const Tensor negative_part = expm1(minimum(x, scalar(0))) * (scale * slope);
  return negative_part + relu(x) * scale;
}

}  // namespace

Tensor relu(const Tensor& x) {
  const Tensor y = map("relu", kernels::relu, x);
  return record("relu", y, wrt(x, [y](const Tensor& g) {
                  return chain(kernels::relu_gradient, g, y);  // y > 0 ? g : 0
                }));
}

Tensor relu6(const Tensor& x) { return clip(x, 0, 6); }

Tensor leaky_relu(const Tensor& x) { return relu(x) - 0.2f * relu(-x); }

Tensor elu(const Tensor& x) { return scaled_elu(x, 1, 1); }

Tensor selu(const Tensor& x) {
  return scaled_elu(x, 1.0507009873554805f, 1.6732632423543772f);
}

Tensor gelu(const Tensor& x) {
  return x * affine(erf(x * (1 / std::numbers::sqrt2_v<float>)), 0.5f, 0.5f);
}

Tensor silu(const Tensor& x) { return x * sigmoid(x); }

Tensor mish(const Tensor& x) { return x * tanh(softplus(x)); }

Tensor sigmoid(const Tensor& x) {
  const Tensor y = map("sigmoid", kernels::sigmoid, x);
  return record("sigmoid", y, wrt(x, [y](const Tensor& g) {
                  return chain(kernels::sigmoid_gradient, g, y);  // g y (1 - y)
                }));
}

Tensor hard_sigmoid(const Tensor& x) { return clip(affine(x, 1.0f / 6, 0.5f), 0, 1); }

Tensor tanh(const Tensor& x) {
  const Tensor y = map("tanh", kernels::tanh, x);
  return record("tanh", y, wrt(x, [y](const Tensor& g) {
                  return chain(kernels::tanh_gradient, g, y);  // g (1 - y^2)
                }));
}

// log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), which never overflows.
Tensor softplus(const Tensor& x) {
  const Tensor magnitude = map("softplus", kernels::absolute, x);
  const Tensor y = map("softplus", kernels::relu, x) +
                   map("softplus", kernels::log1p, exp(-magnitude));
  return record("softplus", y, wrt(x, [x](const Tensor& g) { return g * sigmoid(x); }));
}

Tensor softsign(const Tensor& x) { return x / (abs(x) + 1); }

Tensor exponential(const Tensor& x) { return exp(x); }

Tensor linear(const Tensor& x) { return x; }

}  // namespace kindling
