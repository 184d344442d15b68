#include <kindling/layers/activation_function.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include <kindling/autograd/elementwise.h>
#include <kindling/layers/layer.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

struct Entry {
  std::string name;
  ActivationFunction::Function function;
  ActivationFunction::AxisFunction axis_function = nullptr;
  bool built_in = true;
};

// clip(0.2 x + 0.5, 0, 1): what Keras 2 called hard_sigmoid.
Tensor hard_sigmoid_keras2(const Tensor& x) { return hard_sigmoid(1.2 * x); }

std::mutex mutex;

std::vector<Entry>& table() {
  static std::vector<Entry> entries = {
      {"linear", linear},
      {"relu", relu},
      {"relu6", relu6},
      {"leaky_relu", leaky_relu},
      {"elu", elu},
      {"celu", celu},
      {"selu", selu},
      {"gelu", gelu},
      {"glu", nullptr, glu},
      {"silu", silu},
      {"swish", silu},
      {"mish", mish},
      {"sigmoid", sigmoid},
      {"log_sigmoid", log_sigmoid},
      {"hard_sigmoid", hard_sigmoid},
      {"hard_sigmoid_keras2", hard_sigmoid_keras2},
      {"sparse_sigmoid", sparse_sigmoid},
      {"hard_silu", hard_silu},
      {"hard_swish", hard_silu},
      {"tanh", tanh},
      {"hard_tanh", hard_tanh},
      {"tanh_shrink", tanh_shrink},
      {"softplus", softplus},
      {"squareplus", squareplus},
      {"sparse_plus", sparse_plus},
      {"softsign", softsign},
      {"soft_shrink", soft_shrink},
      {"hard_shrink", hard_shrink},
      {"exponential", exponential},
      {"softmax", nullptr, softmax},
      {"log_softmax", nullptr, log_softmax},
      {"sparsemax", nullptr, sparsemax},
  };
  return entries;
}

}  // namespace

ActivationFunction::ActivationFunction(Function function) : function_(function) {
  const std::scoped_lock lock(mutex);
  const auto at = std::ranges::find(table(), function, &Entry::function);
  if (at != table().end()) name_ = at->name;
}

ActivationFunction::ActivationFunction(AxisFunction function) : axis_function_(function) {
  const std::scoped_lock lock(mutex);
  const auto at = std::ranges::find(table(), function, &Entry::axis_function);
  if (at != table().end()) name_ = at->name;
}

ActivationFunction::ActivationFunction(const std::string& name) : name_(name) {
  const std::scoped_lock lock(mutex);
  std::string known;
  for (const Entry& entry : table()) {
    if (entry.name == name) {
      function_ = entry.function;
      axis_function_ = entry.axis_function;
      return;
    }
    known += (known.empty() ? "" : ", ") + entry.name;
  }
  fail("activation: one of {} is needed, got \"{}\"", known, name);
}

ActivationFunction::ActivationFunction(const Layer& layer) : layer_(layer.impl()) {}

Tensor ActivationFunction::operator()(const Tensor& x) const {
  if (layer_) return Layer(layer_)(x);
  return function_ != nullptr ? function_(x) : axis_function_(x, -1);
}

std::optional<Pointwise> ActivationFunction::pointwise() const {
  if (function_ == linear) return Pointwise::linear;
  if (function_ == Function{relu}) return Pointwise::relu;
  if (function_ == sigmoid) return Pointwise::sigmoid;
  if (function_ == tanh) return Pointwise::tanh;
  return std::nullopt;
}

bool ActivationFunction::keeps_shape() const {
  const std::scoped_lock lock(mutex);
  const auto at = std::ranges::find(table(), name_, &Entry::name);
  return at != table().end() && at->built_in && axis_function_ != AxisFunction{glu};
}

const std::string& ActivationFunction::name() const {
  if (name_.empty()) {
    fail("activation: this function has no name to save it by; give it one with "
         "register_activation(\"name\", function)");
  }
  return name_;
}

void register_activation(const std::string& name, ActivationFunction::Function function) {
  const std::scoped_lock lock(mutex);
  const auto at = std::ranges::find(table(), name, &Entry::name);
  if (at == table().end()) {
    table().push_back({name, function, nullptr, false});
  } else if (at->function != function) {
    fail("register_activation: \"{}\" is another function's name already", name);
  }
}

Config to_config(const ActivationFunction& activation) {
  return activation.layer() ? to_config(Layer(activation.layer())) : Config(activation.name());
}

void from_config(const Config& config, ActivationFunction& activation, const std::string& what) {
  if (!config.is_map()) {
    activation = ActivationFunction(config.as_string(what));
    return;
  }
  Layer layer;
  from_config(config, layer, what);
  activation = layer;
}

}  // namespace kindling
