// The variables of a model as Keras keeps them in a file: groups, one a layer and one a part of it.
#pragma once

#include <string>
#include <vector>

#include <kindling/io/archives/hdf5.h>
#include <kindling/layers/layer.h>

namespace kindling::keras {

// What stands in PATH/vars: "layers/lstm/cell" has three variables.
struct Variables {
  std::string path;
  std::string name;         // of the layer or the part
  Weights weights = {};
  std::string old_path = {};  // of early versions, where it differs
  bool of_graph = false;      // of layers, which stand in PATH/layers
};

// In the order in which Keras walks over them. `order` is the config of a graph, in our layout,
// whose order of layers is taken; without, it is worked out. `written_out`: as keras_graph() says.
std::vector<Variables> variables_of(const Layer& model, const Config* order = nullptr,
                                    bool written_out = true);

// Whether a file has datasets for all of these.
bool has_all(const hdf5::File& file, const std::vector<Variables>& all);

// Copies a file's weights into a model, all or none; strict. What a file holds besides them, of
// random generators, and of optimizers and metrics, those of nested models among them, is left
// alone.
void load_variables(const hdf5::File& file, const std::vector<Variables>& all);

void write_variables(hdf5::Writer& file, const std::vector<Variables>& all);

}  // namespace kindling::keras
