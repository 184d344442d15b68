// kindling info FILE: what is in a file.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>

#include <kindling/io/archives/keras.h>
#include <kindling/io/weights_file.h>
#include <kindling/layers/symbolic.h>
#include <kindling/tensor/shown.h>

#include "commands.h"
#include "files.h"
#include "ports.h"
#include "print.h"

namespace kindling::tools {
namespace {

const char* text_of(Kind kind) {
  switch (kind) {
    case Kind::folder: return "a model's folder";
    case Kind::keras: return "a model of Keras, .keras";
    case Kind::h5_model: return "a model of Keras, .h5";
    case Kind::h5_weights: return "weights of Keras, HDF5";
    case Kind::safetensors: return "tensors, safetensors";
    case Kind::npz: return "tensors, npz";
    case Kind::npy: return "one tensor, npy";
    case Kind::onnx: break;
  }
  return "ONNX";
}

std::int64_t bytes_of(const Tensor& x) { return x.elements() * itemsize(x.dtype()); }

struct Contents {
  Kind kind;
  std::optional<Model> model;
  NamedTensors tensors;
  Metadata metadata;
};

Contents contents_of_model(const std::string& path, Kind kind) {
  Contents found{kind, {}, {}, {}};
  if (kind == Kind::folder) {
    found.model = Model::load(path);
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      const std::string name = entry.path().filename().string();
      if (name != "model.json" && name != "weights.safetensors") {
        std::error_code none;
        found.metadata["file " + name] =
            entry.is_regular_file(none) ? fmt::format("{} bytes", entry.file_size(none))
            : entry.is_directory(none)  ? "a folder"
                                        : "no file";
      }
    }
  } else {
    const KerasModel read = read_keras(path);
    found.model.emplace(read.model);
    found.metadata["keras_version"] = read.keras_version;
    if (!read.training.optimizer.empty()) {
      found.metadata["optimizer"] = read.training.optimizer;
      found.metadata["iterations"] = std::to_string(read.training.iterations);
    }
  }
  found.tensors = named_tensors(found.model->weights());
  return found;
}

Contents contents_of(const std::string& path, Kind kind) {
  if (is_model(kind)) return contents_of_model(path, kind);
  TensorFile file = read_tensors(path, kind);
  return {kind, {}, std::move(file.tensors), std::move(file.metadata)};
}

struct Totals {
  std::int64_t elements = 0, bytes = 0;
};

Totals totals_of(const NamedTensors& tensors) {
  Totals totals;
  for (const auto& [name, value] : tensors) {
    totals.elements += value.elements();
    totals.bytes += bytes_of(value);
  }
  return totals;
}

Config config_of(const std::vector<Port>& ports) {
  Config::List list;
  for (const Port& port : ports) {
    list.push_back(Config::Map{{"name", port.name},
                               {"shape", to_config(port.shape)},
                               {"dtype", name(port.dtype)}});
  }
  return list;
}

Config config_of(const Model& model) {
  Config::List layers;
  for (const Layer& layer : model.layers()) {
    layers.push_back(Config::Map{{"name", layer.name()},
                                 {"class_name", layer.class_name()},
                                 {"params", layer.count_params()},
                                 {"trainable", layer.trainable()}});
  }
  return Config::Map{{"name", model.name()},
                     {"class_name", model.class_name()},
                     {"layers", layers},
                     {"inputs", config_of(inputs_of(model))},
                     {"outputs", config_of(outputs_of(model))}};
}

void print_json(const std::string& path, const Contents& found) {
  Config::List tensors;
  for (const auto& [name, value] : found.tensors) {
    tensors.push_back(Config::Map{{"name", name},
                                  {"shape", to_config(value.shape())},
                                  {"dtype", kindling::name(value.dtype())},
                                  {"bytes", bytes_of(value)}});
  }
  const Totals totals = totals_of(found.tensors);
  Config all = Config::Map{{"file", path}, {"kind", text_of(found.kind)}};
  if (found.model) all.set("model", config_of(*found.model));
  all.set("tensors", tensors);
  all.set("totals", Config::Map{{"tensors", std::ssize(found.tensors)},
                                {"elements", totals.elements},
                                {"bytes", totals.bytes}});
  all.set("metadata", metadata_config(found.metadata));
  tools::print_json(all);
}

void print_ports(const char* what, const std::vector<Port>& ports) {
  for (std::size_t i = 0; i < ports.size(); ++i) {
    fmt::print("{}.{}  {} {} {}\n", what, i, in_quotes(ports[i].name), ports[i].shape.str(),
               name(ports[i].dtype));
  }
}

void print_text(const std::string& path, const Contents& found) {
  fmt::print("{}: {}\n", shown(path), text_of(found.kind));
  if (found.model) {
    fmt::print("\n{}\n", found.model->summary());
    print_ports("input", inputs_of(*found.model));
    print_ports("output", outputs_of(*found.model));
  }
  std::vector<TableRow> rows = {{"Tensor", "Type", "Shape", "Bytes"}};
  for (const auto& [name, value] : found.tensors) {
    rows.push_back({name, kindling::name(value.dtype()), value.shape().str(),
                    std::to_string(bytes_of(value))});
  }
  fmt::print("\n");
  print_table(rows);
  const Totals totals = totals_of(found.tensors);
  fmt::print("\n{} tensors, {} elements, {} bytes\n", found.tensors.size(), totals.elements,
             totals.bytes);
  print_metadata(found.metadata);
}

}  // namespace

void info(const InfoOptions& options) {
  const Kind kind = kind_of_input(options.file);
  if (kind == Kind::onnx) return info_of_onnx(options);
  const Contents found = contents_of(options.file, kind);
  if (options.json) {
    print_json(options.file, found);
  } else {
    print_text(options.file, found);
  }
}

}  // namespace kindling::tools
