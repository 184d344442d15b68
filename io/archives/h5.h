// h5: the tensors of an HDF5 file by their paths, as Keras keeps weights in .weights.h5.
//
//   TensorFile file = read_h5("m.weights.h5");
//   Tensor kernel = file.at("layers/dense/vars/0");
//   write_h5("copy.weights.h5", file.tensors, file.metadata);
//
// The metadata: what layer a group of variables is of, "layers/dense/vars": "hidden", and, of older
// files, "keras_version", "backend" and, of a whole model, "model_config". Weights that go into a
// model are read by load_keras_weights (io/archives/keras.h), which knows which weight each is.
//
// Errors, beside those of the file itself, which name the group or dataset:
//   h5: "a//b" is no path of a dataset; names with a / between are needed
//   h5: this build reads and writes no archives; configure it with -DKINDLING_ARCHIVES=ON, which
//     needs zlib and HDF5 (Debian: zlib1g-dev, libhdf5-dev)
//
// Source: keras.Model.save_weights.
#pragma once

#include <string>

#include <kindling/io/safetensors.h>

#pragma GCC visibility push(default)
namespace kindling {

TensorFile read_h5(const std::string& path);

// A file's bytes: the same for the same tensors. Groups of variables get the names that the
// metadata has for them; there may be some without a tensor.
std::string h5_bytes(const NamedTensors& tensors, const Metadata& metadata = {});

// The same into a file, which is replaced in one step (io/file.h).
void write_h5(const std::string& path, const NamedTensors& tensors, const Metadata& metadata = {});

}  // namespace kindling
#pragma GCC visibility pop
