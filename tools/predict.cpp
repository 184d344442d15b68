// kindling predict MODEL: what a model makes of inputs, into a file.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <kindling/data/dataset.h>
#include <kindling/tensor/fail.h>

#include "commands.h"
#include "files.h"
#include "inputs.h"

namespace kindling::tools {
namespace {

std::int64_t without_value(const Tensor& x) {
  if (x.dtype() != DType::float32) return 0;
  return std::ranges::count_if(x.floats(), [](float value) { return !std::isfinite(value); });
}

}  // namespace

void predict(const PredictOptions& options) {
  const Kind kind = kind_of_output(options.output);
  if (kind != Kind::npz && kind != Kind::safetensors) {
    fail("predict: outputs are written to .npz and .safetensors, got {}", options.output);
  }
  const Model model = load_model(options.model);
  const std::vector<Port> ports = inputs_of(model);
  const Tensors inputs = read_inputs(ports, options.inputs);
  const Tensors results =
      model.predict_all(from_tensors(inputs, {}, {.batch_size = options.batch_size}));

  const std::vector<Port> outputs = outputs_of(model);
  TensorFile file{options.output, {}, {}};
  for (std::size_t i = 0; i < results.size(); ++i) {
    file.tensors.emplace_back(fmt::format("output.{}", i), results[i]);
  }
  write_tensors(options.output, kind, file);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    fmt::print("input.{}   {} {} {}\n", i, kindling::in_quotes(ports[i].name),
               inputs[i].shape().str(), name(inputs[i].dtype()));
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    fmt::print("output.{}  {} {} {}\n", i,
               kindling::in_quotes(i < outputs.size() ? outputs[i].name
                                                   : fmt::format("output_{}", i)),
               results[i].shape().str(), name(results[i].dtype()));
    if (const std::int64_t count = without_value(results[i]); count > 0) {
      warn(fmt::format("predict: output.{} has {} NaN or infinite numbers of {}", i, count,
                       results[i].elements()));
    }
  }
  fmt::print("{}\n", shown(options.output));
}

}  // namespace kindling::tools
