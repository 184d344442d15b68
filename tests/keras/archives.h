// The six archives that Keras wrote, with inputs and what Keras computed from them.
#pragma once

#include <string>
#include <vector>

#include <kindling/io/safetensors.h>
#include <kindling/tensor/tensor.h>

namespace kindling {

inline const std::vector<std::string> archives = {
    "documented", "documented_masked", "masked_attention", "conv_attention", "text_cnn", "mlp"};

inline std::string keras_file(const std::string& name) {
  return std::string(KINDLING_SOURCE_DIR) + "/tests/keras/" + name;
}

// input.0, input.1 .. or output.0 ..
inline Tensors io_of(const std::string& archive, const std::string& which) {
  const TensorFile file = read_safetensors(keras_file(archive + ".io.safetensors"));
  Tensors all;
  while (file.contains(which + "." + std::to_string(all.size()))) {
    all.push_back(file.at(which + "." + std::to_string(all.size())));
  }
  return all;
}

}  // namespace kindling
