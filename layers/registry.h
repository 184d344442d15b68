// Layers by class name: how a config becomes a layer. model.json and archives are read with it.
#pragma once

#include <string>
#include <vector>

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

// The layers that can be loaded; at first, kindling's own.
Registry<Layer>& layer_registry();

// A layer of your own, once, before a model that has one is loaded:
//   register_layer<Scale>();
template <class L>
void register_layer() {
  layer_registry().add<L>();
}

// Fails on a class that is not registered, an option it doesn't have or a value that doesn't fit:
//   Conv1D "cnn_layer": unknown option "filter", got 100
Layer layer_from_config(const std::string& class_name, const Config& config);

}  // namespace kindling
#pragma GCC visibility pop
