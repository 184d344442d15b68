#include <kindling/io/model_folder.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>

#include <kindling/io/descriptor.h>
#include <kindling/io/event_file.h>
#include <kindling/io/in_file.h>
#include <kindling/io/json.h>
#include <kindling/io/safetensors.h>
#include <kindling/io/weights_file.h>
#include <kindling/layers/functional_config.h>
#include <kindling/layers/registry.h>
#include <kindling/layers/weights_to_come.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr const char* format = "kindling model";
constexpr std::int64_t version = 1;
constexpr const char* architecture_file = "model.json";
constexpr const char* weights_file = "weights.safetensors";
// The weights' metadata says which model they are of: those of another may fit, and compute
// nonsense.
constexpr const char* model_key = "model.json";

constexpr std::string_view endings_of_files[] = {
    ".keras", ".h5", ".hdf5", ".safetensors", ".npz", ".npy", ".onnx", ".pt", ".pth", ".pkl",
    ".pickle", ".joblib", ".ckpt", ".pb", ".tflite", ".gguf", ".bin", ".json", ".yaml", ".txt",
    ".csv", ".tsv", ".zip", ".tar", ".gz"};

void check_folder_name(const std::string& folder) {
  if (!has_ending_of_file(folder)) return;
  fail("{}: whole models are saved as .keras archives and as folders, .h5 is only read; "
       "save_weights() writes .weights.h5 and .safetensors", folder);
}

// However it is laid out.
std::string fingerprint(const Config& config) {
  const std::string text = to_json(config, -1);
  return fmt::format("{} bytes, CRC-32C {:08x}", text.size(), crc32c(text));
}

// What a layer of one's own was built for, so that it can be built again.
Config inputs_config(const LayerImpl& layer) {
  Config::List inputs;
  for (std::size_t i = 0; i < layer.built_shapes().size(); ++i) {
    const bool told = i < layer.built_dtypes().size();
    const DType dtype = told ? layer.built_dtypes()[i] : DType::float32;
    inputs.push_back(Config::Map{{"shape", to_config(layer.built_shapes()[i])},
                                 {"dtype", to_config(dtype)}});
  }
  return inputs;
}

Layer built_layer(const Config& config, const std::string& json) {
  const Layer layer =
      layer_from_config(config["class_name"].as_string(json + ": class_name"), config["config"]);
  Shapes shapes;
  std::vector<DType> dtypes;
  for (const Config& input : config["inputs"].as_list(json + ": inputs")) {
    from_config(input["shape"], shapes.emplace_back(), json + ": shape");
    from_config(input["dtype"], dtypes.emplace_back(), json + ": dtype");
  }
  layer.impl()->build_whole(shapes, dtypes);
  return layer;
}

Config model_config(const Layer& model) {
  const auto* graph = dynamic_cast<const FunctionalImpl*>(model.impl().get());
  Config config = Config::Map{{"format", format},
                              {"version", version},
                              {"class_name", model.class_name()},
                              {"config", model.config()}};
  if (graph == nullptr) config.set("inputs", inputs_config(*model.impl()));
  return config;
}

void check_can_be_loaded(const Layer& model) {
  if (dynamic_cast<const FunctionalImpl*>(model.impl().get()) != nullptr) return;
  const std::vector<std::string> known = layer_registry().names();
  if (std::ranges::find(known, model.class_name()) == known.end()) {
    fail("{}: is of a class that is not registered, so it could not be loaded; "
         "register_layer<..>() first", model.impl()->who());
  }
  if (!model.built()) {
    fail("{}: has no weights yet; call it or fit it first", model.impl()->who());
  }
}

void check_saved_together(const Metadata& metadata, const Config& config, const Layer& model,
                          const std::string& weights) {
  const auto saved = metadata.find(model_key);
  if (saved == metadata.end()) return;
  const std::string found = fingerprint(config);
  // An edited model.json may say the same in other words.
  if (found == saved->second || fingerprint(model_config(model)) == saved->second) return;
  fail("{}: was saved with another model.json, got [{}], not [{}]", weights, found, saved->second);
}

}  // namespace

bool has_ending_of_file(const std::string& path) {
  std::string lower = path;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::any_of(endings_of_files,
                             [&](std::string_view ending) { return lower.ends_with(ending); });
}

void save_model_folder(const Layer& model, const std::string& folder,
                       const std::map<std::string, std::string>& files) {
  check_folder_name(folder);
  check_can_be_loaded(model);
  const Config config = model_config(model);
  FolderWriter writer(folder);
  writer.write(architecture_file, to_json(config) + "\n");
  writer.write(weights_file, safetensors_bytes(named_tensors(model.impl()->weights_inside()),
                                               {{model_key, fingerprint(config)}}));
  for (const auto& [name, content] : files) writer.write(name, content);
  writer.commit();
}

void check_can_save_model_folder(const std::string& folder, std::vector<std::string> files) {
  check_folder_name(folder);
  files.insert(files.end(), {architecture_file, weights_file});
  check_can_save_folder(folder, files);
}

void check_can_save_model_folder(const Layer& model, const std::string& folder) {
  check_can_be_loaded(model);
  to_json(model_config(model));  // fails on what JSON can't say
  check_can_save_model_folder(folder, {});
}

bool remove_model_folder(const std::string& folder) {
  namespace fs = std::filesystem;
  const std::vector<std::string> names = {architecture_file, weights_file};
  std::error_code failed;
  try {
    for (const std::string& name : entries_of(folder)) {
      const bool ours = std::ranges::find(names, name) != names.end();
      if (!ours || !fs::is_regular_file(fs::symlink_status(folder + "/" + name))) return false;
    }
  } catch (const std::system_error&) {  // it can't be read
    return false;
  }
  for (const std::string& name : names) fs::remove(fs::path(folder) / name, failed);
  return fs::remove(folder, failed);
}

Layer load_model_folder(const std::string& folder) {
  return read_folder(folder, [](const FolderReader& files) { return load_model_folder(files); });
}

Layer load_model_folder(const FolderReader& folder) {
  const std::string json = folder.path_of(architecture_file);
  const std::string weights = folder.path_of(weights_file);
  const Config config = read_json(folder, architecture_file);
  if (!config["format"].is_string() || config["format"].as_string(json) != format) {
    fail("{}: is no {}, its \"format\" is {}", json, format, config["format"].str());
  }
  if (config["version"].as_int(json + ": version") != version) {
    fail("{}: version {} is not supported, only {}", json, config["version"].str(), version);
  }
  const std::string& class_name = config["class_name"].as_string(json + ": class_name");
  const TensorFile tensors = in_file(weights, [&] {
    return parse_safetensors(MappedFile(folder, weights_file).bytes(), weights);
  });
  std::int64_t elements = 0;
  for (const auto& [name, t] : tensors.tensors) elements += t.elements();
  const detail::WeightsToCome scope(elements);
  const Layer model = in_file(json, [&]() -> Layer {
    if (!is_graph_class(class_name)) return built_layer(config, json);
    return functional_from_config(config["config"], json, class_name == "Sequential");
  });
  for (const std::string& why : scope.left_out()) {
    warn(fmt::format("{}: {}; it is left out", json, why));
  }
  assign_weights(model.impl()->weights_inside(), tensors.tensors, weights);
  check_saved_together(tensors.metadata, config, model, weights);
  return model;
}

}  // namespace kindling
