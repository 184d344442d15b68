// Our models as Keras's configs.
#pragma once

#include <map>
#include <string>

#include <kindling/io/archives/keras_graph.h>
#include <kindling/layers/functional.h>

namespace kindling::keras {

Config dtype_policy();  // float32

// An initializer, regularizer or constraint; `module` is where Keras has its kind.
Config function_to_keras(const Config& function, const std::string& module);

// Whether a layer's call() is given one list of tensors.
bool takes_list(const std::string& class_name);

// Names of layers inside others that have one that is taken.
using Names = std::map<const LayerImpl*, std::string>;

Config layer_to_keras(const Layer& layer, const Names& names);  // of no model

// {"module", "class_name", "config", "registered_name", "build_config"} of a layer; of a model with
// its graph. Fails on what Keras has no form for.
Config object_to_keras(const Layer& layer, const Names& names);

// Those of a model: Keras's variables go by their paths, in which such a layer's name is the first.
Names names_inside(const Layer& model);

// A model as config.json has it.
Config model_to_keras(const Layer& model, const Config& compile_config);

// The calls of a layer in a graph: inbound_nodes.
Config calls_to_keras(const Graph& graph, std::size_t layer);
// [layer, call, result]
Config history_to_keras(const Graph& graph, const Source& source, bool end = false);

}  // namespace kindling::keras
