// Archives of Keras's, written by hand: of the model x -> d, a Dense of 4 numbers to 3, or another
// of its config.
#pragma once

#include <string>
#include <vector>

#include <kindling/io/archives/hdf5.h>
#include <kindling/io/archives/zip.h>

#include "tests/catch.h"
#include "tests/hostile/refusal.h"

inline std::string input_config(const std::string& name) {
  return R"({"class_name": "InputLayer", "config": {"batch_shape": [null, 4], "dtype": "float32", )"
         R"("name": ")" + name + R"("}, "name": ")" + name + R"(", "inbound_nodes": []})";
}

inline std::string history(const std::string& layer, int call = 0) {
  return R"({"class_name": "__keras_tensor__", "config": {"keras_history": [")" + layer + "\", " +
         std::to_string(call) + ", 0]}}";
}

inline std::string call(const std::string& inputs) {
  return R"({"args": [)" + inputs + R"(], "kwargs": {}})";
}

inline std::string layer_config(const std::string& name, const std::string& class_name,
                                const std::string& options, const std::string& inputs) {
  return R"({"class_name": ")" + class_name + R"(", "config": {"name": ")" + name + "\", " +
         options + R"(}, "name": ")" + name + R"(", "inbound_nodes": [)" + call(inputs) + "]}";
}

inline std::string layers_config(const std::vector<std::string>& layers) {
  std::string all;
  for (const std::string& layer : layers) all += (all.empty() ? "" : ", ") + layer;
  return R"({"class_name": "Functional", "config": {"name": "m", "layers": [)" + all +
         R"(], "input_layers": [["x", 0, 0]], "output_layers": [["d", 0, 0]]}})";
}

inline std::string valid_config() {
  return layers_config(
      {input_config("x"), layer_config("d", "Dense", R"("units": 3)", history("x"))});
}

// The weights of d.
inline void write_weights(kindling::hdf5::Writer& file) {
  file.group("layers/dense/vars", "d");
  file.dataset("layers/dense/vars/0", kindling::zeros({4, 3}));
  file.dataset("layers/dense/vars/1", kindling::zeros({3}));
}

inline std::string valid_weights() {
  kindling::hdf5::Writer file;
  write_weights(file);
  return file.bytes();
}

inline std::string archive(const std::string& config,
                           const std::string& weights = valid_weights()) {
  kindling::ZipWriter zip("f");
  zip.add("metadata.json", R"({"keras_version": "3.16.0"})");
  zip.add("config.json", config);
  zip.add("model.weights.h5", weights);
  return zip.bytes();
}
