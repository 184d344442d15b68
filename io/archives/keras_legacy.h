// The .h5 files of Keras 2, which Keras 3 still writes: a model's config in an attribute, its
// weights by layers and names.
#pragma once

#include <string>

#include <kindling/io/archives/hdf5.h>
#include <kindling/layers/layer.h>

namespace kindling::keras {

// Whether a file, or a group of it, holds weights in this layout.
bool is_legacy(const hdf5::File& file, const std::string& group = {});

// The model's config, in our layout: graph_from_keras(). Fails if the file holds weights alone.
Config legacy_graph(const hdf5::File& file);

// Copies a group's weights into a model, all or none; strict. Layers that have weights are taken in
// their order, whatever their names, as load_weights in Keras does it. `order`, as for
// variables_of(), is the file's own config: then they go by their names, if the file has these.
void load_legacy_weights(const hdf5::File& file, const std::string& group, const Layer& model,
                         const Config* order = nullptr);

}  // namespace kindling::keras
