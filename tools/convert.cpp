// kindling convert IN OUT: models and weights from one kind of file into another.
#include <fmt/format.h>

#include <kindling/io/archives/npz.h>
#include <kindling/io/onnx/onnx.h>
#include <kindling/io/weights_file.h>
#include <kindling/tensor/fail.h>

#include "commands.h"
#include "files.h"

namespace kindling::tools {
namespace {

void write_model(const Model& model, const std::string& path, Kind kind) {
  switch (kind) {
    case Kind::folder:
    case Kind::keras: return model.save(path);
    case Kind::onnx: return export_onnx(model, path);
    case Kind::h5_weights:
    case Kind::safetensors: return model.save_weights(path);
    case Kind::npz: return write_npz(path, named_tensors(model.weights()));
    default: break;
  }
  fail("{}: of a model are written .keras, .onnx, a folder and, of its weights, .weights.h5, "
       ".safetensors and .npz", path);
}

// The weights of any kind of file into a model that has been loaded.
void read_weights(const Model& model, const std::string& path, Kind kind) {
  switch (kind) {
    case Kind::folder: return model.load_weights(path + "/weights.safetensors");
    case Kind::npy: fail("{}: is one tensor, weights are several with names", path);
    default: return model.load_weights(path);
  }
}

}  // namespace

void convert(const ConvertOptions& options) {
  const Kind from = kind_of_input(options.from), to = kind_of_output(options.to);
  if (from == Kind::onnx) refuse_onnx(options.from);
  if (!options.model.empty()) {
    const Model model = load_model(options.model);
    read_weights(model, options.from, from);
    write_model(model, options.to, to);
  } else if (is_model(from)) {
    write_model(load_model(options.from), options.to, to);
  } else if (is_model(to) || to == Kind::onnx) {
    fail("{}: holds weights alone, {} is a whole model; --model says which model's weights they "
         "are", options.from, options.to);
  } else {
    write_tensors(options.to, to, read_tensors(options.from, from));
  }
  fmt::print("{}\n", shown(options.to));
}

}  // namespace kindling::tools
