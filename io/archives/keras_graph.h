// A model's graph as Keras would have it: without what is ours alone, and in Keras's order.
#pragma once

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
  // How often each layer is called before, in other graphs, where Keras reads the model.
  std::vector<std::size_t> called_before = {};

  // Which call of its layer it is.
  std::size_t number(std::size_t call) const;
};

// Fails on what Keras has no form for: `who` does.
Graph keras_graph(const FunctionalImpl& model);

// Whether it is no layer to Keras, but an operation.
bool is_operation(const Layer& layer);

// Whether each layer is called once, on what the one before gives.
bool is_chain(const Graph& graph);

}  // namespace kindling::keras
