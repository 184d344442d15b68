// A model's graph as Keras would have it: without what is ours alone, and in Keras's order.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <kindling/layers/functional.h>

namespace kindling::keras {

// Result `result` of a call.
struct Source {
  std::size_t call;
  int result;

  bool operator==(const Source&) const = default;
};

struct Call {
  std::size_t layer;  // of Graph::layers
  std::vector<Source> inputs = {};
  std::vector<std::optional<Source>> masks = {};  // those given, as in CallArguments
  CallOptions arguments = {};  // the others
  Shapes shapes = {};  // of the results
  std::vector<DType> dtypes = {};
};

struct Graph {
  std::vector<Layer> layers;  // in Keras's order; operations among them
  std::vector<Call> calls;    // in an order in which what a call needs comes before it
  std::vector<Source> inputs, outputs;
  std::map<const LayerImpl*, std::string> names = {};  // of layers that had one that is taken

  const std::string& name_of(const Layer& layer) const;

  // Which call of its layer it is.
  std::size_t number(std::size_t call) const;
};

// Fails on what Keras has no form for: `who` does. `written_out`: the calls of a nested model with
// layers that stand in other graphs too are put among those of the graph around it. Keras counts a
// layer's calls over all graphs, and does not read again what it writes of such models.
Graph keras_graph(const FunctionalImpl& model, bool written_out = true);
bool writes_out(const FunctionalImpl& model);  // whether it has such a nested model

// Whether it is no layer to Keras, but an operation.
bool is_operation(const Layer& layer);

// Whether each layer is called once, on what the one before gives.
bool is_chain(const Graph& graph);

}  // namespace kindling::keras
