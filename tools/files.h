// What the files of the commands are: models, or tensors by name.
#pragma once

#include <string>

#include <kindling/io/safetensors.h>
#include <kindling/train/model.h>

namespace kindling::tools {

// By a file's name, and for .h5 by what it holds; a folder is a model's.
enum class Kind { folder, keras, h5_model, h5_weights, safetensors, npz, npy, onnx };

// Of a file that is read: fails if it is not there or of a kind that is not known.
Kind kind_of_input(const std::string& path);
// Of a file to be written: a name without an ending is a model's folder.
Kind kind_of_output(const std::string& path);

bool is_model(Kind kind);  // with its layers, not weights alone

Model load_model(const std::string& path);  // fails on a file that holds none
[[noreturn]] void refuse_onnx(const std::string& path);  // which is no input

TensorFile read_tensors(const std::string& path, Kind kind);
void write_tensors(const std::string& path, Kind kind, const TensorFile& file);

}  // namespace kindling::tools
