#include "ports.h"

#include <fmt/format.h>

namespace kindling::tools {

std::vector<Port> inputs_of(const Model& model) {
  std::vector<Port> ports;
  if (const FunctionalImpl* graph = model.functional()) {
    for (const SymbolicTensor& input : graph->inputs()) {
      ports.push_back({input.node()->layer.name(), input.shape(), input.dtype()});
    }
    return ports;
  }
  const Shapes& shapes = model.impl()->built_shapes();
  const std::vector<DType>& dtypes = model.impl()->built_dtypes();
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const Shape& s = shapes[i];
    ports.push_back({fmt::format("input_{}", i), s.rank() > 0 ? s.with(0, any) : s,
                     i < dtypes.size() ? dtypes[i] : DType::float32});
  }
  return ports;
}

std::vector<Port> outputs_of(const Model& model) {
  std::vector<Port> ports;
  const FunctionalImpl* graph = model.functional();
  if (graph == nullptr) return ports;
  const std::vector<std::string> names = model.output_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const SymbolicTensor& output = graph->outputs()[i];
    ports.push_back({names[i], output.shape(), output.dtype()});
  }
  return ports;
}

}  // namespace kindling::tools
