// The classes and operations of a Keras model that we don't have.
#pragma once

#include <string>

#include <kindling/layers/config.h>

namespace kindling::keras {

// Fails if there are any, and names them all:
//   m.keras: config.json: 2 classes are missing: BatchNormalization of keras.layers (layer "bn"),
//   Conv2D of keras.layers (layers "a", "b"); register_layer<..>() adds a class of one's own
//   m.keras: config.json: 1 operation is missing: Tanh of keras.src.ops.numpy (layer "tanh"); ..
void check_classes(const Config& model, const std::string& file);

}  // namespace kindling::keras
