// Activation functions, and the layers that are one.
#include <kindling/io/onnx/exporters.h>

#include <numbers>

namespace kindling::detail {
namespace {

OnnxValue softplus(const OnnxValue& x) { return unary("Softplus", x); }
OnnxValue hard_sigmoid(const OnnxValue& x) {
  return unary("HardSigmoid", x, {{"alpha", 1.0 / 6}, {"beta", 0.5}});
}

// x (1 + erf(x / sqrt(2))) / 2
OnnxValue gelu(const OnnxValue& x) {
  return x * (0.5 * unary("Erf", x * (1 / std::numbers::sqrt2)) + 0.5);
}

OnnxValue glu(const OnnxValue& x) {
  const OnnxValues halves = split(x, 2);
  return halves[0] * sigmoid(halves[1]);
}

// (x + sqrt(x^2 + 4)) / 2; where x < 0, 2 / (sqrt(x^2 + 4) - x), in which nothing cancels.
OnnxValue squareplus(const OnnxValue& x) {
  const OnnxValue v = clip(x, -1e9, 1e9);  // a larger one's square would overflow
  const OnnxValue s = maximum(sqrt(v * v + 4), abs(x));
  return where(less_equal(x, scalar_like(x, 0)), 2 / (s - x), 0.5 * x + 0.5 * s);
}

// x < 1 ? max(x + 1, 0)^2 / 4 : x
OnnxValue sparse_plus(const OnnxValue& x) {
  const OnnxValue middle = clip(x + 1, 0, 2);
  return 0.25 * (middle * middle) + relu(x - 1);
}

// max(x - t, 0), t as kindling::sparsemax has it: the largest is taken off first, which moves the
// sum of k sums by k (k + 1) / 2 times it.
OnnxValue sparsemax(const OnnxValue& x) {
  OnnxGraph& g = *x.graph;
  const OnnxValue largest = max(x, -1, true), v = x - largest;
  const OnnxValue all = g.sizes({v.size(-1)});
  const OnnxValue falling = g.node("TopK", {v, all},
                                   {{.type = v.type, .shape = v.shape},
                                    {.type = OnnxType::int64, .shape = v.shape}},
                                   {{"axis", -1}})[0];
  const OnnxValue sums = g.node("CumSum", {falling, g.scalar(-1, OnnxType::int64)}, v.type,
                                v.shape);
  const OnnxValue one = g.constant(ones({1}));
  const OnnxValue k = g.node("CumSum", {broadcast_to(one, {v.size(-1)}),
                                        g.scalar(0, OnnxType::int64)}, v.type, {v.size(-1)});
  const OnnxValue above = compare("Greater", 1 + k * falling, sums);
  const OnnxValue count = sum(cast(above, v.type), -1, true);
  const OnnxValue total = sum(where(above, sums, scalar_like(v, 0)), -1, true);
  return relu(v - (total - 1) / count - 0.5 * (count - 1) * largest);
}

OnnxValue relu_layer(const OnnxCall& c) {
  const OnnxValue& x = c.inputs[0];
  const double slope = number(c, "negative_slope"), threshold = number(c, "threshold");
  const Config max_value = c.option("max_value");
  if (slope == 0 && threshold == 0 && max_value.is_null()) return relu(x);
  // x <= threshold ? slope (x - threshold) : min(x, max_value)
  const OnnxValue below = slope == 0 ? scalar_like(x, 0) : slope * (x - threshold);
  const OnnxValue above = max_value.is_null() ? x : minimum(x, max_value.as_double("max_value"));
  return where(less_equal(x, scalar_like(x, threshold)), below, above);
}

OnnxValue softmax_layer(const OnnxCall& c) {
  const OnnxValue& x = c.inputs[0];
  const OnnxValue mask = c.masks[0].defined() ? broadcast_to(c.masks[0], x.shape) : c.masks[0];
  return along_axes(axes_of(c, x), x, mask, [](const OnnxValue& v, const OnnxValue& counts) {
    return masked_softmax(v, counts);
  });
}

}  // namespace

std::map<std::string, OnnxActivation> own_onnx_activations() {
  const auto op = [](const char* name, const Config::Map& attributes = {}) {
    return [=](const OnnxValue& x) { return unary(name, x, attributes); };
  };
  const auto silu = [](const OnnxValue& x) { return x * sigmoid(x); };
  return {
      {"linear", [](const OnnxValue& x) { return x; }},
      {"relu", op("Relu")},
      {"relu6", [](const OnnxValue& x) { return clip(x, 0, 6); }},
      {"leaky_relu", op("LeakyRelu", {{"alpha", 0.2}})},
      {"elu", op("Elu", {{"alpha", 1.0}})},
      {"celu", op("Celu", {{"alpha", 1.0}})},
      {"selu", op("Selu", {{"alpha", 1.6732632423543772}, {"gamma", 1.0507009873554805}})},
      {"gelu", gelu},
      {"glu", glu},
      {"silu", silu},
      {"swish", silu},
      {"mish", [](const OnnxValue& x) { return x * tanh(softplus(x)); }},
      {"sigmoid", op("Sigmoid")},
      {"log_sigmoid", [](const OnnxValue& x) { return -softplus(-x); }},
      {"hard_sigmoid", hard_sigmoid},
      {"hard_sigmoid_keras2", [](const OnnxValue& x) { return hard_sigmoid(1.2 * x); }},
      {"sparse_sigmoid", [](const OnnxValue& x) { return 0.5 * clip(x + 1, 0, 2); }},
      {"hard_silu", [](const OnnxValue& x) { return x * hard_sigmoid(x); }},
      {"hard_swish", [](const OnnxValue& x) { return x * hard_sigmoid(x); }},
      {"tanh", op("Tanh")},
      {"hard_tanh", [](const OnnxValue& x) { return clip(x, -1, 1); }},
      {"tanh_shrink", [](const OnnxValue& x) { return x - tanh(x); }},
      {"softplus", op("Softplus")},
      {"squareplus", squareplus},
      {"sparse_plus", sparse_plus},
      {"softsign", op("Softsign")},
      {"soft_shrink", op("Shrink", {{"lambd", 0.5}, {"bias", 0.5}})},
      {"hard_shrink", op("Shrink", {{"lambd", 0.5}, {"bias", 0.0}})},
      {"exponential", op("Exp")},
      {"softmax", [](const OnnxValue& x) { return softmax(x); }},
      {"log_softmax", op("LogSoftmax", {{"axis", -1}})},
      {"sparsemax", sparsemax},
  };
}

void add_activation_exporters(OnnxRegistry& r) {
  r["Activation"] = one_result([](const OnnxCall& c) {
    return activate(c, c.option("activation"), c.inputs[0]);
  });
  r["ReLU"] = one_result(relu_layer);
  r["LeakyReLU"] = one_result([](const OnnxCall& c) {
    return unary("LeakyRelu", c.inputs[0], {{"alpha", number(c, "negative_slope")}});
  });
  r["ELU"] = one_result([](const OnnxCall& c) {
    return unary("Elu", c.inputs[0], {{"alpha", number(c, "alpha")}});
  });
  r["PReLU"] = one_result([](const OnnxCall& c) {
    return binary("PRelu", c.inputs[0], c.weight("alpha"));
  });
  r["Softmax"] = one_result(softmax_layer);
}

}  // namespace kindling::detail
