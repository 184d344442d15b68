#include <kindling/io/model_folder.h>

#include <algorithm>

#include <kindling/io/file.h>
#include <kindling/io/functional_config.h>
#include <kindling/io/json.h>
#include <kindling/io/safetensors.h>
#include <kindling/io/weights_file.h>
#include <kindling/layers/registry.h>
#include <kindling/layers/weights_to_come.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr const char* format = "kindling model";
constexpr std::int64_t version = 1;
constexpr const char* architecture_file = "model.json";
constexpr const char* weights_file = "weights.safetensors";

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

}  // namespace

void save_model_folder(const Layer& model, const std::string& folder,
                       const std::map<std::string, std::string>& files) {
  const auto* graph = dynamic_cast<const FunctionalImpl*>(model.impl().get());
  Config config = Config::Map{{"format", format},
                              {"version", version},
                              {"class_name", model.class_name()},
                              {"config", graph != nullptr ? functional_config(*graph)
                                                          : model.config()}};
  if (graph == nullptr) {
    const std::vector<std::string> known = layer_registry().names();
    if (std::ranges::find(known, model.class_name()) == known.end()) {
      fail("{}: is of a class that is not registered, so it could not be loaded; "
           "register_layer<..>() first", model.impl()->who());
    }
    if (!model.built()) {
      fail("{}: has no weights yet; call it or fit it first", model.impl()->who());
    }
    config.set("inputs", inputs_config(*model.impl()));
  }
  FolderWriter writer(folder);
  writer.write(architecture_file, to_json(config) + "\n");
  writer.write(weights_file, safetensors_bytes(named_tensors(model.impl()->weights_inside())));
  for (const auto& [name, content] : files) writer.write(name, content);
  writer.commit();
}

void check_can_save_model_folder(const std::string& folder, std::vector<std::string> files) {
  files.insert(files.end(), {architecture_file, weights_file});
  check_can_save_folder(folder, files);
}

Layer load_model_folder(const std::string& folder) {
  const std::string json = folder + "/" + architecture_file, weights = folder + "/" + weights_file;
  const Config config = parse_json(read_file(json), json);
  if (!config["format"].is_string() || config["format"].as_string(json) != format) {
    fail("{}: is no {}, its \"format\" is {}", json, format, config["format"].str());
  }
  if (config["version"].as_int(json + ": version") != version) {
    fail("{}: version {} is not supported, only {}", json, config["version"].str(), version);
  }
  const std::string& class_name = config["class_name"].as_string(json + ": class_name");
  const TensorFile tensors = read_safetensors(weights);
  std::int64_t elements = 0;
  for (const auto& [name, t] : tensors.tensors) elements += t.elements();
  const detail::WeightsToCome scope(elements);
  const Layer model = is_graph_class(class_name)
                          ? functional_from_config(config["config"], json,
                                                   class_name == "Sequential")
                          : built_layer(config, json);
  assign_weights(model.impl()->weights_inside(), tensors.tensors, weights);
  return model;
}

}  // namespace kindling
