#include "tests/onnx/cases.h"

#include <algorithm>
#include <cmath>

#include <kindling/io/onnx/model_graph.h>
#include <kindling/layers/embedding.h>

namespace kindling {
namespace {

Tensor random_input(const OnnxValue& value, const Shape& shape, std::int64_t ids,
                    std::mt19937_64& random) {
  std::normal_distribution<float> normal(0, 2);
  if (value.type == OnnxType::float32) {
    Tensor x = Tensor::empty(shape);
    for (float& v : x.mutable_floats()) v = normal(random);
    return x;
  }
  if (value.type == OnnxType::boolean) {
    Tensor x = Tensor::empty(shape, DType::boolean);
    for (bool& v : x.mutable_bools()) v = random() % 2 == 0;
    return x;
  }
  Tensor x = Tensor::empty(shape, DType::int32);
  for (std::int32_t& v : x.mutable_ints()) {
    const auto id = static_cast<std::int32_t>(random() % static_cast<std::uint64_t>(ids));
    v = random() % 3 == 0 ? 0 : id;
  }
  return x;
}

}  // namespace

OnnxCase onnx_case(const std::string& name, const OneOrMore& inputs, const OneOrMore& outputs) {
  const Model model(inputs, outputs, name);
  std::mt19937_64 random(name.size());
  for (const Weight& weight : model.weights()) {
    Tensor value = weight.value;
    // Sums of many stay of ordinary size.
    const std::int64_t width = value.rank() > 1 ? value.elements() / value.size(-1) : 1;
    const auto most = 2 / std::sqrt(static_cast<float>(width));
    std::normal_distribution<float> normal(0, std::min(0.4f, most));
    for (float& v : value.mutable_floats()) v = normal(random);
  }
  return {.name = name, .model = model};
}

Tensors random_inputs(const OnnxCase& c, std::mt19937_64& random) {
  const auto graph = detail::onnx_graph(c.model, {});
  std::map<std::int64_t, std::int64_t> sizes;  // of open ones
  Tensors inputs;
  for (const OnnxValue& value : graph->body().inputs) {
    std::vector<std::int64_t> shape;
    for (const std::int64_t each : value.shape) {
      const std::int64_t size = graph->resolve(each);
      if (size < 0 && !sizes.contains(size)) {
        const bool batch = graph->size_name(size) == "batch";
        const auto some = static_cast<std::int64_t>(random() % (batch ? 5 : 24));
        sizes[size] = (batch ? 1 : c.least_steps) + some;
      }
      shape.push_back(size < 0 ? sizes.at(size) : size);
    }
    inputs.push_back(random_input(value, Shape(shape), c.ids, random));
  }
  return inputs;
}

SymbolicTensor ids_of(const std::string& name) {
  return Input({.shape = {any}, .dtype = DType::int32, .name = name});
}

SymbolicTensor sequence_of(const std::string& name, std::int64_t channels) {
  return Input({.shape = {any, channels}, .name = name});
}

SymbolicTensor masked(const SymbolicTensor& ids, std::int64_t channels) {
  return Embedding({.input_dim = 9, .output_dim = channels, .mask_zero = true})(ids);
}

std::vector<OnnxCase> onnx_cases() {
  std::vector<OnnxCase> all;
  for (const auto& some : {documented_cases(), layer_cases(), merge_cases(), attention_cases(),
                           recurrent_cases()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace kindling
