#include <kindling/autograd/activations.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <vector>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/graph.h>
#include <kindling/autograd/operands.h>
#include <kindling/autograd/reduce.h>
#include <kindling/autograd/shaping.h>
#include <kindling/tensor/kernels/elementwise.h>

namespace kindling {
namespace {

using detail::chain;
using detail::map;
using detail::require;

// y = scale (x > 0 ? x : slope (exp(x / width) - 1))
// dx = g (x > 0 ? scale : (y + scale slope) / width)
Tensor scaled_elu(const char* who, const Tensor& x, double scale, double slope, double width = 1) {
  require(who, x, DType::float32);
  const Tensor plain = stop_gradient(x);
  const Tensor positive = greater(plain, 0);
  // The exponential only sees x <= 0, so it can't overflow.
  const Tensor below = minimum(plain, scalar(0)) * (1 / width);
  const Tensor curve = map(who, kernels::expm1, below) * (scale * slope);
  const Tensor y = where(positive, plain * scale, curve);
  return record(who, y, wrt(x, [=](const Tensor& g) {
                  return g * where(positive, scalar(scale), affine(y, 1 / width,
                                                                   scale * slope / width));
                }));
}

}  // namespace

Tensor relu(const Tensor& x) {
  const Tensor y = map("relu", kernels::relu, x);
  return record("relu", y, wrt(x, [y](const Tensor& g) {
                  return chain(kernels::relu_gradient, g, y);  // y > 0 ? g : 0
                }));
}

Tensor relu(const Tensor& x, const ReluOptions& o) {
  require("relu", x, DType::float32);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Tensor below = o.negative_slope == 0 ? scalar(0) : o.negative_slope * (x - o.threshold);
  return where(less_equal(x, o.threshold), below,
               o.max_value ? clip(x, -infinity, *o.max_value) : x);
}

// The derivative is 1 strictly between 0 and 6.
Tensor relu6(const Tensor& x) {
  const Tensor y = map("relu6", kernels::clip, x, 0.0f, 6.0f);
  return record("relu6", y, wrt(x, [y](const Tensor& g) {
                  return where(logical_and(greater(y, 0), less(y, 6)), g, scalar(0));
                }));
}

Tensor leaky_relu(const Tensor& x, double negative_slope) {
  require("leaky_relu", x, DType::float32);
  return where(greater(x, 0), x, negative_slope * x);
}

Tensor elu(const Tensor& x, double alpha) { return scaled_elu("elu", x, 1, alpha); }

Tensor celu(const Tensor& x, double alpha) { return scaled_elu("celu", x, 1, alpha, alpha); }

Tensor selu(const Tensor& x) {
  return scaled_elu("selu", x, 1.0507009873554805, 1.6732632423543772);
}

Tensor gelu(const Tensor& x) {
  require("gelu", x, DType::float32);
  return x * affine(erf(x * (1 / std::numbers::sqrt2)), 0.5, 0.5);
}

Tensor gelu(const Tensor& x, bool approximate) {
  require("gelu", x, DType::float32);
  if (!approximate) return gelu(x);
  // At 10 the tangent is 1 long since; beyond, the cube would overflow.
  const Tensor v = clip(x, -10, 10);
  const double factor = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
  return x * affine(tanh(factor * v * affine(square(v), 0.044715, 1)), 0.5, 0.5);
}

Tensor glu(const Tensor& x, int axis) {
  require("glu", x, DType::float32);
  const std::int64_t size = x.size(detail::resolve("glu", x.shape(), axis));
  if (size % 2 != 0) {
    fail("glu: axis {} has size {}, an even one is needed [x {}]", axis, size, x.shape().str());
  }
  const Tensors halves = split(x, 2, axis);
  return halves[0] * sigmoid(halves[1]);
}

Tensor silu(const Tensor& x) {
  require("silu", x, DType::float32);
  return x * sigmoid(x);
}

Tensor mish(const Tensor& x) {
  require("mish", x, DType::float32);
  return x * tanh(softplus(x));
}

Tensor sigmoid(const Tensor& x) {
  const Tensor y = map("sigmoid", kernels::sigmoid, x);
  return record("sigmoid", y, wrt(x, [y](const Tensor& g) {
                  return chain(kernels::sigmoid_gradient, g, y);  // g y (1 - y)
                }));
}

Tensor hard_sigmoid(const Tensor& x) {
  require("hard_sigmoid", x, DType::float32);
  return relu6(x + 3) * (1.0 / 6);
}

Tensor hard_silu(const Tensor& x) {
  require("hard_silu", x, DType::float32);
  return x * hard_sigmoid(x);
}

Tensor hard_tanh(const Tensor& x) {
  require("hard_tanh", x, DType::float32);
  return clip(x, -1, 1);
}

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

Tensor log_sigmoid(const Tensor& x) {
  require("log_sigmoid", x, DType::float32);
  return -softplus(-x);
}

// With s = sqrt(x^2 + b): dx = g y / s. Where x < 0 the sum of x and s would cancel, and where
// |x| is large its square would overflow.
Tensor squareplus(const Tensor& x, double b) {
  require("squareplus", x, DType::float32);
  const Tensor v = stop_gradient(x);
  const Tensor s = maximum(sqrt(square(clip(v, -1e9, 1e9)) + b), abs(v));
  const Tensor y = where(less(v, 0), (b / 2) / (s - v), 0.5 * v + 0.5 * s);
  return record("squareplus", y, wrt(x, [=](const Tensor& g) { return g * (y / s); }));
}

// Its derivative is 1 / (1 + |x|)^2; the quotient rule would take the difference of almost equals.
Tensor softsign(const Tensor& x) {
  const Tensor share = reciprocal(map("softsign", kernels::absolute, x) + 1);
  return record("softsign", stop_gradient(x) * share,
                wrt(x, [share](const Tensor& g) { return g * square(share); }));
}

Tensor tanh_shrink(const Tensor& x) {
  require("tanh_shrink", x, DType::float32);
  return x - tanh(x);
}

Tensor soft_shrink(const Tensor& x, double threshold) {
  require("soft_shrink", x, DType::float32);
  if (!(threshold >= 0)) fail("soft_shrink: threshold is at least 0, got {}", threshold);
  return x - clip(x, -threshold, threshold);
}

Tensor hard_shrink(const Tensor& x, double threshold) {
  require("hard_shrink", x, DType::float32);
  return where(less_equal(abs(stop_gradient(x)), threshold), scalar(0), x);
}

Tensor threshold(const Tensor& x, double threshold, double default_value) {
  require("threshold", x, DType::float32);
  return where(less_equal(x, threshold), scalar(default_value), x);
}

Tensor sparse_plus(const Tensor& x) {
  require("sparse_plus", x, DType::float32);
  return 0.25 * square(clip(x + 1, 0, 2)) + relu(x - 1);
}

Tensor sparse_sigmoid(const Tensor& x) {
  require("sparse_sigmoid", x, DType::float32);
  return 0.5 * clip(x + 1, 0, 2);
}

// y = max(x - t, 0): t is the mean of what lies above it, less a share of 1. What lies above is
// found from all by leaving out what does not, until nothing is left to leave out.
// With x_1 >= x_2 >= .. and c_i = x_1 + .. + x_i, k is the largest i such that 1 + i x_i > c_i.
// y = max(x - t, 0), t = (c_1 + .. + c_k - 1) / k
// dx_i = h_i - (i <= k ? (k + 1 - i) / k : 0) sum(h), h = y > 0 ? g : 0
Tensor sparsemax(const Tensor& x, int axis) {
  require("sparsemax", x, DType::float32);
  const int along = detail::resolve("sparsemax", x.shape(), axis);
  const std::int64_t size = x.size(along), inner = x.shape().inner(along);
  if (size == 0) fail("sparsemax: no element to choose from [x {}]", x.shape().str());
  Tensor y = Tensor::empty(x.shape()), slope = zeros(x.shape());
  const float* in = x.floats().data();
  float *out = y.mutable_floats().data(), *slopes = slope.mutable_floats().data();
  std::vector<std::int64_t> falling(static_cast<std::size_t>(size));
  for (std::int64_t line = 0; line < x.elements() / size; ++line) {
    const std::int64_t first = line / inner * size * inner + line % inner;
    const auto value = [&](std::int64_t i) { return static_cast<double>(in[first + i * inner]); };
    std::iota(falling.begin(), falling.end(), std::int64_t{0});
    std::ranges::stable_sort(falling, [&](std::int64_t a, std::int64_t b) {
      return value(a) > value(b) || (std::isnan(value(a)) && !std::isnan(value(b)));
    });
    // Without the largest, c_i loses no 1 beside large numbers.
    const double largest = value(falling[0]);
    double sum = 0, sum_below = 0, sums = 0, k = 0;
    for (const std::int64_t i : falling) {
      sum_below += value(i) - largest;
      if (k > 0 && !(1 + (k + 1) * (value(i) - largest) > sum_below)) break;
      sums += sum += value(i);
      ++k;
    }
    double left = k;
    for (const std::int64_t i : falling) {
      const double above = value(i) - (sums - 1) / k;
      out[first + i * inner] = static_cast<float>(above <= 0 ? 0 : above);
      if (left > 0) slopes[first + i * inner] = static_cast<float>(left-- / k);
    }
  }
  return record("sparsemax", y, wrt(x, [y, slope, axis](const Tensor& g) {
                  const Tensor h = where(greater(y, 0), g, scalar(0));
                  return h - slope * sum(h, {.axis = {axis}, .keepdims = true});
                }));
}

Tensor exponential(const Tensor& x) {
  require("exponential", x, DType::float32);
  return exp(x);
}

Tensor linear(const Tensor& x) { return x; }

}  // namespace kindling
