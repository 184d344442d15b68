// Models of Keras: .keras archives both ways, .weights.h5 both ways, whole models in .h5 in.
//
//   Model model = load_keras("model.keras");
//   Tensor scores = model.predict({query, value});
//   model.fit(train, {.epochs = 5});            // goes on where the archive stopped
//   save_keras(model, "model.keras");           // Keras 3 opens it
//
// The same by the names that Keras has, for files whose names end so: Model::load("model.keras"),
// model.save("model.keras"), model.load_weights("model.weights.h5"), model.save_weights(..).
//
// Layers keep their names and options. A Sequential is a Model that is saved as a Sequential
// again. From a .keras archive, a compiled model's optimizer, its state, loss and metrics come back
// too; from an .h5 file, whose training_config and optimizer_weights are not read, the model comes
// uncompiled. An optimizer, loss or metric that we don't have is left out, with a warning; what
// needs it, such as fit, fails until compile() is called. So is an initializer, regularizer or
// constraint, and training fails where it needs it; the model predicts. Computed is in float32; a
// model of another dtype policy is refused.
//
// Errors:
//   m.keras: config.json: 1 class is missing: Conv2D of keras.layers (layer "c"); register_layer<..
//   m.keras: model.weights.h5: does not fit the model; missing: layers/dense/vars/0 (kernel of d)
//   m.keras: config.json: layer "d": only the dtype policy float32 is supported, got "mixed_bfl..
//   m.keras: is a folder, and a Keras archive is a file; use another name
//
// Source: keras.saving.load_model, keras.Model.save.
#pragma once

#include <string>
#include <vector>

#include <kindling/train/model.h>

#pragma GCC visibility push(default)
namespace kindling {

struct LoadKerasOptions {
  bool compile = true;  // with a .keras archive's optimizer, loss and metrics, if it has them
  std::vector<std::string>* left_out = nullptr;  // gets what was left out, in place of warnings
};
// From a .keras archive, or an .h5 or .hdf5 file of a whole model.
Model load_keras(const std::string& path, const LoadKerasOptions& options = {});

struct SaveKerasOptions {
  bool include_optimizer = true;  // and loss and metrics, if the model was compiled
  std::string date_saved = {};    // such as "2026-11-22@06:16:39"; now, if it is empty
};
// What is written, without writing it.
std::string keras_archive(const Model& model, const SaveKerasOptions& options = {});
// Replaces the file in one step. The model is a graph of layers (Model({inputs}, outputs)).
void save_keras(const Model& model, const std::string& path, const SaveKerasOptions& options = {});

}  // namespace kindling
#pragma GCC visibility pop
