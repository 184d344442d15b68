// Files of Keras: .keras archives, .weights.h5 and, to be read, the .h5 files of whole models.
// What a Model (train/keras.h) is saved and loaded with.
//
// Source: keras.saving; https://github.com/keras-team/keras.
#pragma once

#include <string>
#include <vector>

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

// What compile() set and training has changed since, in Keras's layout.
struct KerasTraining {
  Config compile_config = {};  // null, or an empty object: not compiled
  std::string optimizer = {};  // its name
  std::int64_t iterations = 0;
  Tensors variables = {};      // the optimizer's, after the iterations
};

struct KerasModel {
  Layer model;  // built, with its weights
  KerasTraining training = {};
  Weights weights = {};            // the model's, by our names, in Keras's order
  std::string keras_version = {};  // that wrote the file
  std::vector<std::string> left_out = {};  // why initializers, regularizers and constraints were
};

// A .keras archive, or an .h5 file of a whole model. Strict: fails on classes that we don't have,
// and names them all, and on weights that are missing, extra or of another shape.
KerasModel read_keras(const std::string& path);
// The same from a file's bytes; `name` is what messages start with.
KerasModel parse_keras(std::string_view bytes, const std::string& name);

// An archive's bytes. The same model at the same date gives the same bytes; `date` is such as
// "2026-11-22@06:16:39", or empty for now.
std::string keras_bytes(const Layer& model, const KerasTraining& training,
                        const std::string& date = {});

// The weights alone, of a .weights.h5, .keras or .h5 file, by place: names of layers may differ,
// as for load_weights in Keras.
void load_keras_weights(const Layer& model, const std::string& path);
void save_keras_weights(const Layer& model, const std::string& path,
                        const KerasTraining& training = {});

// A model's weights in Keras's order.
Weights in_keras_order(const Layer& model);

// Objects of Keras's inside a value as ours are, {"class_name", "config"}; functions by name.
Config objects_from_keras(const Config& value, const std::string& what);

}  // namespace kindling
#pragma GCC visibility pop
