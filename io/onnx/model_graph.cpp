#include <kindling/io/onnx/model_graph.h>

#include <kindling/io/onnx/exporters.h>
#include <kindling/layers/functional.h>
#include <kindling/tensor/fail.h>

namespace kindling::detail {
namespace {

// Open sizes are named: the first is the batch, one along axis 1 the time.
OnnxValue add_input(OnnxGraph& graph, const std::string& name, DType dtype, const Shape& shape) {
  OnnxShape sizes;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    std::int64_t size = shape[axis];
    if (size == any) {
      size = graph.named_size(axis == 0   ? "batch"
                              : axis == 1 ? name + "_time"
                                          : fmt::format("{}_{}", name, axis));
    }
    sizes.push_back(size);
  }
  return graph.input(name, onnx_type(dtype), sizes);
}

std::vector<InputOptions> signature(const LayerImpl& layer, const OnnxOptions& options) {
  if (!options.input_signature.empty()) return options.input_signature;
  if (!layer.built()) fail("{}: has no weights yet; call it or fit it first", layer.who());
  std::vector<InputOptions> inputs;
  for (std::size_t i = 0; i < layer.built_shapes().size(); ++i) {
    const bool told = i < layer.built_dtypes().size();
    const Shape& shape = layer.built_shapes()[i];
    inputs.push_back({.shape = shape.rank() > 0 ? shape.without(0) : shape,
                      .dtype = told ? layer.built_dtypes()[i] : DType::float32});
  }
  return inputs;
}

// The results and what they are to be named.
OnnxValues layer_results(OnnxGraph& graph, const Layer& layer, const OnnxOptions& options,
                         std::vector<std::string>& names) {
  OnnxValues inputs;
  for (const InputOptions& input : signature(*layer.impl(), options)) {
    const std::string name = input.name.empty() ? fmt::format("input_{}", inputs.size())
                                                : input.name;
    if (name.starts_with("output_")) {
      fail("{}: names that begin with output_ are its outputs', got an input \"{}\"",
           layer.impl()->who(), name);
    }
    inputs.push_back(add_input(graph, name, input.dtype, input.shape.inserted(0, any)));
  }
  OnnxValues results = onnx_call(layer, inputs);
  for (std::size_t i = 0; i < results.size(); ++i) names.push_back(fmt::format("output_{}", i));
  return results;
}

OnnxValues graph_results(OnnxGraph& graph, const FunctionalImpl& model,
                         const OnnxOptions& options, std::vector<std::string>& names) {
  if (!options.input_signature.empty()) {
    fail("{}: has inputs of its own, and takes no input_signature", model.who());
  }
  OnnxValues inputs;
  for (const SymbolicTensor& t : model.inputs()) {
    inputs.push_back(add_input(graph, t.node()->layer.name(), t.dtype(), t.shape()));
  }
  // Before any other value could take them.
  for (const std::string& name : model.output_names()) names.push_back(graph.reserve(name));
  return export_functional(model, inputs);
}

}  // namespace

std::unique_ptr<OnnxGraph> onnx_graph(const Layer& model, const OnnxOptions& options) {
  if (!model.defined()) fail("export_onnx: a model is needed, got none");
  const TrainingScope inference(false);
  auto graph = std::make_unique<OnnxGraph>(model.name(), model.impl()->weights_inside());
  const auto* functional = dynamic_cast<const FunctionalImpl*>(model.impl().get());
  std::vector<std::string> names;
  const OnnxValues results = functional != nullptr
                                 ? graph_results(*graph, *functional, options, names)
                                 : layer_results(*graph, model, options, names);
  for (std::size_t i = 0; i < results.size(); ++i) graph->output(names[i], results[i]);
  graph->finish();
  return graph;
}

}  // namespace kindling::detail
