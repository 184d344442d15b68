// Operations of one operand, element by element.
#include <numbers>

#include "tests/autograd/operations.h"

namespace kindling {
namespace {

using Function = std::function<Tensor(const Tensor&)>;
using Naive = std::function<double(double)>;

// Numbers of [low, high] in two axes, none within 0.1 of a kink, where differences see a corner.
Tensor smooth(double low, double high, const std::vector<double>& kinks) {
  Tensor x = uniforms({3, 7}, 11, low, high);
  for (float& v : x.mutable_floats()) {
    for (const double kink : kinks) {
      const double away = static_cast<double>(v) - kink;
      if (std::abs(away) < 0.1) v = static_cast<float>(kink + (away < 0 ? -0.1 : 0.1));
    }
  }
  return x;
}

Operation unary(const char* name, const Function& f, const Naive& naive, double low, double high,
                const std::vector<double>& kinks = {}) {
  const Tensor x = smooth(low, high, kinks);
  return {name, "", [f](const Tensors& in) { return f(in[0]); }, {x}, each(x, naive)};
}

}  // namespace

Operations elementwise_operations() {
  const auto sign = [](double v) { return v < 0 ? -v : v; };
  return {
      unary("affine", [](const Tensor& x) { return affine(x, -2.5, 0.75); },
            [](double v) { return 0.75 - 2.5 * v; }, -3, 3),
      unary("affine", [](const Tensor& x) { return affine(x, 1, 2); },
            [](double v) { return v + 2; }, -3, 3),
      unary("negative", [](const Tensor& x) { return negative(x); },
            [](double v) { return -v; }, -3, 3),
      unary("abs", [](const Tensor& x) { return abs(x); }, sign, -3, 3, {0}),
      unary("square", square, [](double v) { return v * v; }, -3, 3),
      unary("sqrt", [](const Tensor& x) { return sqrt(x); },
            [](double v) { return std::sqrt(v); }, 0.7, 4),
      unary("reciprocal", reciprocal, [](double v) { return 1 / v; }, 0.7, 4),
      unary("reciprocal", reciprocal, [](double v) { return 1 / v; }, -4, -0.7),
      unary("exp", [](const Tensor& x) { return exp(x); }, [](double v) { return std::exp(v); },
            -3, 2),
      unary("expm1", [](const Tensor& x) { return expm1(x); },
            [](double v) { return std::expm1(v); }, -3, 2),
      unary("log", [](const Tensor& x) { return log(x); }, [](double v) { return std::log(v); },
            0.7, 9),
      unary("log1p", [](const Tensor& x) { return log1p(x); },
            [](double v) { return std::log1p(v); }, -0.3, 9),
      unary("sin", [](const Tensor& x) { return sin(x); }, [](double v) { return std::sin(v); },
            -4, 4),
      unary("cos", [](const Tensor& x) { return cos(x); }, [](double v) { return std::cos(v); },
            -4, 4),
      unary("erf", [](const Tensor& x) { return erf(x); }, [](double v) { return std::erf(v); },
            -2, 2),
      unary("clip", [](const Tensor& x) { return clip(x, -0.5, 1.5); },
            [](double v) { return std::min(std::max(v, -0.5), 1.5); }, -3, 3, {-0.5, 1.5}),
      unary("power", [](const Tensor& x) { return power(x, 2.5); },
            [](double v) { return std::pow(v, 2.5); }, 0.7, 3),
      unary("power", [](const Tensor& x) { return power(x, 3); },
            [](double v) { return v * v * v; }, -3, -0.7),
      unary("operator-", [](const Tensor& x) { return -x; }, [](double v) { return -v; }, -3, 3),
      unary("operator+", [](const Tensor& x) { return x + 2; }, [](double v) { return v + 2; },
            -3, 3),
      unary("operator+", [](const Tensor& x) { return 2 + x; }, [](double v) { return v + 2; },
            -3, 3),
      unary("operator-", [](const Tensor& x) { return x - 2; }, [](double v) { return v - 2; },
            -3, 3),
      unary("operator-", [](const Tensor& x) { return 2 - x; }, [](double v) { return 2 - v; },
            -3, 3),
      unary("operator*", [](const Tensor& x) { return x * 3; }, [](double v) { return 3 * v; },
            -3, 3),
      unary("operator*", [](const Tensor& x) { return 3 * x; }, [](double v) { return 3 * v; },
            -3, 3),
      unary("operator/", [](const Tensor& x) { return x / 4; }, [](double v) { return v / 4; },
            -3, 3),
      unary("operator/", [](const Tensor& x) { return 4 / x; }, [](double v) { return 4 / v; },
            1, 3)};
}

Operations activation_operations() {
  const auto logistic = [](double v) { return 1 / (1 + std::exp(-v)); };
  const auto soft = [](double v) { return std::log1p(std::exp(v)); };
  const auto curve = [](double v) { return v < 0 ? std::expm1(v) : v; };
  const auto bent = [](double v) { return v <= 0.5 ? 0.3 * (v - 0.5) : std::min(v, 2.0); };
  const auto gate = [](double v) { return std::min(std::max(v + 3, 0.0), 6.0) / 6; };
  const auto shrunk = [](double v) { return std::abs(v) < 0.5 ? 0 : v - (v < 0 ? -0.5 : 0.5); };
  const auto plus = [](double v) { return v < 1 ? std::pow(std::max(v + 1, 0.0), 2) / 4 : v; };
  const auto root = [](double b) {
    return [b](double v) { return (v + std::sqrt(v * v + b)) / 2; };
  };
  const auto one = [](Tensor (*f)(const Tensor&)) { return f; };  // of several of one name
  return {
      unary("relu", one(relu), [](double v) { return v > 0 ? v : 0; }, -3, 3, {0}),
      unary("relu6", relu6, [](double v) { return v > 0 ? std::min(v, 6.0) : 0; }, -3, 9, {0, 6}),
      unary("leaky_relu", one(leaky_relu), [](double v) { return v < 0 ? 0.2 * v : v; }, -3, 3,
            {0}),
      unary("elu", one(elu), curve, -3, 3, {0}),
      unary("selu", selu,
            [](double v) { return 1.05070099 * (v < 0 ? 1.67326324 * std::expm1(v) : v); }, -3, 3,
            {0}),
      unary("gelu", one(gelu),
            [](double v) { return v * (1 + std::erf(v / std::numbers::sqrt2)) / 2; }, -3, 3),
      unary("relu", [](const Tensor& x) {
              return relu(x, {.negative_slope = 0.3, .max_value = 2, .threshold = 0.5});
            }, bent, -3, 4, {0.5, 2}),
      unary("leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.1); },
            [](double v) { return v < 0 ? 0.1 * v : v; }, -3, 3, {0}),
      unary("elu", [](const Tensor& x) { return elu(x, 0.7); },
            [=](double v) { return v < 0 ? 0.7 * curve(v) : v; }, -3, 3, {0}),
      unary("celu", one(celu), curve, -3, 3, {0}),
      unary("celu", [](const Tensor& x) { return celu(x, 0.7); },
            [=](double v) { return v < 0 ? 0.7 * curve(v / 0.7) : v; }, -3, 3, {0}),
      unary("gelu", [](const Tensor& x) { return gelu(x, true); },
            [](double v) {
              const double u = std::sqrt(2 / std::numbers::pi) * (v + 0.044715 * v * v * v);
              return v * (1 + std::tanh(u)) / 2;
            }, -3, 3),
      unary("log_sigmoid", log_sigmoid, [=](double v) { return -soft(-v); }, -5, 5),
      unary("hard_silu", hard_silu, [=](double v) { return v * gate(v); }, -5, 5, {-3, 3}),
      unary("hard_tanh", hard_tanh, [](double v) { return std::min(std::max(v, -1.0), 1.0); },
            -3, 3, {-1, 1}),
      unary("tanh_shrink", tanh_shrink, [](double v) { return v - std::tanh(v); }, -3, 3),
      unary("soft_shrink", one(soft_shrink), shrunk, -2, 2, {-0.5, 0.5}),
      unary("soft_shrink", [](const Tensor& x) { return soft_shrink(x, 1); },
            [=](double v) { return 2 * shrunk(v / 2); }, -3, 3, {-1, 1}),
      unary("hard_shrink", one(hard_shrink), [](double v) { return std::abs(v) > 0.5 ? v : 0; },
            -2, 2, {-0.5, 0.5}),
      unary("hard_shrink", [](const Tensor& x) { return hard_shrink(x, 1); },
            [](double v) { return std::abs(v) > 1 ? v : 0; }, -3, 3, {-1, 1}),
      unary("threshold", [](const Tensor& x) { return threshold(x, 0.5, -2); },
            [](double v) { return v > 0.5 ? v : -2; }, -2, 2, {0.5}),
      unary("sparse_plus", sparse_plus, plus, -3, 3, {-1, 1}),
      unary("sparse_sigmoid", sparse_sigmoid,
            [](double v) { return std::min(std::max(v + 1, 0.0), 2.0) / 2; }, -3, 3, {-1, 1}),
      unary("squareplus", one(squareplus), root(4), -5, 5),
      unary("squareplus", [](const Tensor& x) { return squareplus(x, 0.5); }, root(0.5), -5, 5),
      unary("silu", silu, [=](double v) { return v * logistic(v); }, -4, 4),
      unary("mish", mish, [=](double v) { return v * std::tanh(soft(v)); }, -4, 4),
      unary("sigmoid", sigmoid, logistic, -5, 5),
      unary("hard_sigmoid", hard_sigmoid,
            gate, -5, 5, {-3, 3}),
      unary("tanh", [](const Tensor& x) { return tanh(x); },
            [](double v) { return std::tanh(v); }, -3, 3),
      unary("softplus", softplus, soft, -5, 5),
      unary("softsign", softsign, [](double v) { return v / (1 + std::abs(v)); }, -3, 3, {0}),
      unary("exponential", exponential, [](double v) { return std::exp(v); }, -3, 2),
      unary("linear", linear, [](double v) { return v; }, -3, 3)};
}

}  // namespace kindling
