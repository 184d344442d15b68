#include "files.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <kindling/io/archives/h5.h>
#include <kindling/io/archives/npz.h>
#include <kindling/io/npy.h>
#include <kindling/tensor/fail.h>

namespace kindling::tools {

namespace fs = std::filesystem;

namespace {

constexpr const char* endings =
    ".keras, .weights.h5, .h5, .safetensors, .npz, .npy, .onnx or, for a model's folder, none";

std::string ending_of(const std::string& path) {
  if (path.ends_with(".weights.h5")) return ".weights.h5";
  return fs::path(path).extension().string();
}

Kind kind_by_ending(const std::string& path) {
  const std::string ending = ending_of(path);
  for (const auto& [known, kind] : {std::pair{".keras", Kind::keras},
                                    std::pair{".weights.h5", Kind::h5_weights},
                                    std::pair{".h5", Kind::h5_model},
                                    std::pair{".hdf5", Kind::h5_model},
                                    std::pair{".safetensors", Kind::safetensors},
                                    std::pair{".npz", Kind::npz},
                                    std::pair{".npy", Kind::npy},
                                    std::pair{".onnx", Kind::onnx},
                                    std::pair{"", Kind::folder}}) {
    if (ending == known) return kind;
  }
  fail("{}: what kind of file it is goes by its name's ending: {}; got \"{}\"", path, endings,
       ending);
}

// Keras's names by place: what it looks for in a .weights.h5.
bool is_path_of_variable(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  if (slash == std::string::npos || slash + 1 == name.size()) return false;
  const std::string group = name.substr(0, slash);
  return (group == "vars" || group.ends_with("/vars")) &&
         std::all_of(name.begin() + static_cast<std::ptrdiff_t>(slash) + 1, name.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Kind kind_of_input(const std::string& path) {
  std::error_code none;
  const fs::file_status status = fs::status(path, none);
  if (!fs::exists(status)) fail("{}: there is no such file", path);
  if (fs::is_directory(status)) return Kind::folder;
  const Kind kind = kind_by_ending(path);
  if (kind == Kind::folder) {
    fail("{}: is no folder, and a file's kind goes by its name's ending: {}", path, endings);
  }
  if (kind == Kind::h5_model && !read_h5(path).metadata.contains("model_config")) {
    return Kind::h5_weights;
  }
  return kind;
}

Kind kind_of_output(const std::string& path) {
  std::error_code none;
  return fs::is_directory(path, none) ? Kind::folder : kind_by_ending(path);
}

bool is_model(Kind kind) {
  return kind == Kind::folder || kind == Kind::keras || kind == Kind::h5_model;
}

void refuse_onnx(const std::string& path) {
  fail("{}: an ONNX file is written, and shown by info, but no model or weights are read of it",
       path);
}

Model load_model(const std::string& path) {
  const Kind kind = kind_of_input(path);
  if (kind == Kind::onnx) refuse_onnx(path);
  if (!is_model(kind)) {
    fail("{}: holds tensors alone, a model is needed: a folder, .keras or .h5", path);
  }
  return Model::load(path);
}

TensorFile read_tensors(const std::string& path, Kind kind) {
  switch (kind) {
    case Kind::safetensors: return read_safetensors(path);
    case Kind::npz: return read_npz(path);
    case Kind::npy: return {path, {{fs::path(path).stem().string(), read_npy(path)}}, {}};
    case Kind::h5_model:
    case Kind::h5_weights: return read_h5(path);
    case Kind::onnx: refuse_onnx(path);
    default: fail("{}: tensors are read from .weights.h5, .h5, .safetensors, .npz and .npy", path);
  }
}

void write_tensors(const std::string& path, Kind kind, const TensorFile& file) {
  switch (kind) {
    case Kind::safetensors: return write_safetensors(path, file.tensors, file.metadata);
    case Kind::npz: return write_npz(path, file.tensors);
    case Kind::h5_weights:
      for (const auto& [name, value] : file.tensors) {
        if (!is_path_of_variable(name)) {
          fail("{}: Keras names weights by place, \"layers/dense/vars/0\", got \"{}\"; --model "
               "says which model's weights they are", path, name);
        }
      }
      return write_h5(path, file.tensors, file.metadata);
    default: fail("{}: tensors are written to .weights.h5, .safetensors and .npz", path);
  }
}

}  // namespace kindling::tools
