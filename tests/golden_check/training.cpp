// The documented CNN+Attention model, trained step by step beside Keras.
#include <algorithm>

#include <kindling/kindling.h>
#include <kindling/tensor/fail.h>

#include "tests/golden_check/case.h"

namespace kindling::golden {
namespace {

// Row `step` of a tensor (steps, ...).
Tensor at_step(const Tensor& all, std::int64_t step) {
  const Tensor one = slice(all, 0, step, step + 1);
  return one.reshaped(one.shape().without(0));
}

Model documented_model(const Config& config) {
  const auto size = [&](const char* name) { return config[name].as_int(name); };
  const auto query = Input({.shape = {any}, .dtype = DType::int32});
  const auto value = Input({.shape = {any}, .dtype = DType::int32});
  const auto embedding = Embedding(
      {.input_dim = size("V"), .output_dim = size("D"), .name = "token_embedding"});
  const auto cnn = Conv1D({.filters = size("F"),
                           .kernel_size = size("K"),
                           .padding = Padding::same,
                           .name = "cnn_layer"});
  const auto query_encoding = cnn(embedding(query));
  const auto value_encoding = cnn(embedding(value));
  const auto attended = AdditiveAttention({.name = "attention"})({query_encoding, value_encoding});
  const auto both = Concatenate()({GlobalAveragePooling1D()(query_encoding),
                                   GlobalAveragePooling1D()(attended)});
  const auto hidden =
      Dense({.units = size("H"), .activation = relu, .name = "hidden"})(both);
  const auto score = Dense({.units = 1, .activation = sigmoid, .name = "score"})(hidden);
  return Model({query, value}, score);
}

Loss loss_named(const std::string& name) {
  if (name == "binary_crossentropy") return BinaryCrossentropy();
  if (name == "mse") return MeanSquaredError();
  fail("loss \"{}\" is not known", name);
}

}  // namespace

void check_training(const Case& c) {
  const Config& config = c["config"];
  const Model model = documented_model(config);
  for (const Weight& w : model.weights()) {
    const Tensor from = c.at("weight." + w.name);
    Tensor into = w.value;
    std::ranges::copy(from.floats(), into.mutable_floats().begin());
  }
  const Tensor queries = c.at("query"), values = c.at("value"), labels = c.at("label");
  const auto inputs = [&](std::int64_t step) {
    return Tensors{at_step(queries, step), at_step(values, step)};
  };
  c.compare("prediction.before", model.predict(inputs(0)), training_tolerance);
  const Config& opt = config["opt"];
  const Optimizer optimizer =
      optimizer_registry().make(opt["class"].as_string("opt"), opt["config"]);
  const Loss loss = loss_named(config["loss"].as_string("loss"));
  const std::int64_t steps = config["steps"].as_int("steps");
  Tensor losses = zeros({steps});
  for (std::int64_t step = 0; step < steps; ++step) {
    const Tensor value = loss(at_step(labels, step), model(inputs(step), {.training = true}));
    losses.mutable_floats()[static_cast<std::size_t>(step)] = value.item();
    backward(value);
    optimizer.step(model.weights());
  }
  c.compare("loss", losses, training_tolerance);
  c.compare("prediction.after", model.predict(inputs(0)), training_tolerance);
  for (const Weight& w : model.weights()) {
    c.compare("trained." + w.name, w.value, trained_weight_tolerance);
  }
}

}  // namespace kindling::golden
