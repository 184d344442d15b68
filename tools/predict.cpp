// kindling predict MODEL: what a model makes of inputs, into a file.
#include <fmt/format.h>

#include <kindling/data/dataset.h>
#include <kindling/tensor/fail.h>

#include "commands.h"
#include "files.h"
#include "inputs.h"

namespace kindling::tools {

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
    fmt::print("input.{}   \"{}\" {} {}\n", i, ports[i].name, inputs[i].shape().str(),
               name(inputs[i].dtype()));
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    fmt::print("output.{}  \"{}\" {} {}\n", i,
               i < outputs.size() ? outputs[i].name : fmt::format("output_{}", i),
               results[i].shape().str(), name(results[i].dtype()));
  }
  fmt::print("{}\n", options.output);
}

}  // namespace kindling::tools
