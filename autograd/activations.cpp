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

// y = scale (x > 0 ? x : slope (exp(x) - 1));  dx = g (x > 0 ? scale : y + scale slope)
Tensor scaled_elu(const char* who, const Tensor& x, double scale, double slope) {
  const Tensor plain = stop_gradient(x);
  const Tensor positive = greater(plain, 0);
  // The exponential only sees x <= 0, so it can't overflow.
  const Tensor curve = map(who, kernels::expm1, minimum(plain, scalar(0))) * (scale * slope);
  const Tensor y = where(positive, plain * scale, curve);
  return record(who, y, wrt(x, [=](const Tensor& g) {
                  return g * where(positive, scalar(scale), y + scale * slope);
                }));
}

}  // namespace

Tensor relu(const Tensor& x) {
  const Tensor y = map("relu", kernels::relu, x);
  return record("relu", y, wrt(x, [y](const Tensor& g) {
                  return chain(kernels::relu_gradient, g, y);  // y > 0 ? g : 0
                }));
}

// The derivative is 1 strictly between 0 and 6.
Tensor relu6(const Tensor& x) {
  const Tensor y = map("relu6", kernels::clip, x, 0.0f, 6.0f);
  return record("relu6", y, wrt(x, [y](const Tensor& g) {
                  return where(logical_and(greater(y, 0), less(y, 6)), g, scalar(0));
                }));
}

Tensor leaky_relu(const Tensor& x) { return where(greater(x, 0), x, 0.2 * x); }

Tensor elu(const Tensor& x) { return scaled_elu("elu", x, 1, 1); }

Tensor selu(const Tensor& x) {
  return scaled_elu("selu", x, 1.0507009873554805, 1.6732632423543772);
}

Tensor gelu(const Tensor& x) {
  return x * affine(erf(x * (1 / std::numbers::sqrt2)), 0.5, 0.5);
}

Tensor silu(const Tensor& x) { return x * sigmoid(x); }

Tensor mish(const Tensor& x) { return x * tanh(softplus(x)); }

Tensor sigmoid(const Tensor& x) {
  const Tensor y = map("sigmoid", kernels::sigmoid, x);
  return record("sigmoid", y, wrt(x, [y](const Tensor& g) {
                  return chain(kernels::sigmoid_gradient, g, y);  // g y (1 - y)
                }));
}

Tensor hard_sigmoid(const Tensor& x) { return relu6(x + 3) * (1.0 / 6); }

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

// Its derivative is 1 / (1 + |x|)^2; the quotient rule would take the difference of almost equals.
Tensor softsign(const Tensor& x) {
  const Tensor share = reciprocal(map("softsign", kernels::absolute, x) + 1);
  return record("softsign", stop_gradient(x) * share,
                wrt(x, [share](const Tensor& g) { return g * square(share); }));
}

Tensor exponential(const Tensor& x) { return exp(x); }

Tensor linear(const Tensor& x) { return x; }

}  // namespace kindling
