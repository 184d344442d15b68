#include <kindling/io/archives/keras_legacy.h>

#include <algorithm>
#include <map>
#include <set>

#include <kindling/io/archives/keras_config.h>
#include <kindling/io/archives/keras_variables.h>
#include <kindling/io/json.h>
#include <kindling/io/weights_file.h>
#include <kindling/tensor/fail.h>

namespace kindling::keras {
namespace {

using Strings = std::vector<std::string>;

struct LayerWeights {
  std::string name;
  Weights weights = {};   // ours
  Strings datasets = {};  // the file's
};

// Those that have any. A name stands once and each is of something that is there, so that these
// are no more than the file accounts for.
std::vector<LayerWeights> in_file(const hdf5::File& file, const std::string& group) {
  std::vector<LayerWeights> layers;
  std::set<std::string> names;
  for (const std::string& name : file.texts(group, "layer_names")) {
    const std::string path = hdf5::path_in(group, name);
    const std::string who = fmt::format("{}: layer {}", file.name(), in_quotes(name));
    if (!names.insert(name).second) fail("{} stands twice in layer_names", who);
    if (!file.has_group(path)) fail("{} has no group", who);
    LayerWeights layer{.name = name};
    std::set<std::string> datasets;
    for (const std::string& weight : file.texts(path, "weight_names")) {
      const std::string dataset = hdf5::path_in(path, weight);
      if (!datasets.insert(dataset).second) {
        fail("{}: {} stands twice in weight_names", who, in_quotes(weight));
      }
      if (!file.datasets().contains(dataset)) {
        fail("{}: weight_names has {}, which is no dataset", who, in_quotes(weight));
      }
      layer.datasets.push_back(dataset);
    }
    if (!layer.datasets.empty()) layers.push_back(std::move(layer));
  }
  return layers;
}

// Of the layers of a model, in Keras's order; what isn't trained stands after what is.
std::vector<LayerWeights> of_model(const Layer& model, const Config* order) {
  std::vector<LayerWeights> layers;
  std::string path;
  for (const Variables& variables : variables_of(model, order, false)) {
    if (variables.path.empty()) continue;
    constexpr std::string_view all = "layers/";
    const std::size_t end = variables.path.find('/', all.size());
    if (const std::string layer = variables.path.substr(0, end); layer != path) {
      path = layer;
      layers.push_back({.name = variables.name});
    }
    Weights& weights = layers.back().weights;
    weights.insert(weights.end(), variables.weights.begin(), variables.weights.end());
  }
  std::erase_if(layers, [](const LayerWeights& layer) { return layer.weights.empty(); });
  for (LayerWeights& layer : layers) {
    std::stable_partition(layer.weights.begin(), layer.weights.end(),
                          [](const Weight& weight) { return weight.trainable; });
  }
  return layers;
}

// Gives each layer of the model the datasets of one in the file: by place, or by name if those of
// the model are the file's.
void match(std::vector<LayerWeights>& model, const std::vector<LayerWeights>& found,
           const std::string& file, bool names_of_file) {
  if (model.size() != found.size()) {
    fail("{}: has weights of {} layers, the model has {}", file, found.size(), model.size());
  }
  std::map<std::string, const LayerWeights*> by_name;
  for (const LayerWeights& layer : found) by_name[layer.name] = &layer;
  const bool named = names_of_file && std::ranges::all_of(model, [&](const LayerWeights& layer) {
                       return by_name.contains(layer.name);
                     });
  for (std::size_t i = 0; i < model.size(); ++i) {
    model[i].datasets = named ? by_name.at(model[i].name)->datasets : found[i].datasets;
  }
}

}  // namespace

bool is_legacy(const hdf5::File& file, const std::string& group) {
  return file.has_group(group) && (!file.attribute(group, "layer_names").is_null() ||
                                   !file.attribute(group, "layer_names0").is_null());
}

Config legacy_graph(const hdf5::File& file) {
  const Config text = file.attribute("", "model_config");
  if (text.is_null()) {
    fail("{}: has no model_config, it holds weights alone; make the model and load_weights",
         file.name());
  }
  const std::string name = file.name() + ": model_config";
  const Config version = file.attribute("", "keras_version");
  return graph_from_keras(parse_json(text.as_string(name), name), name,
                          version.is_string() ? version.as_string(name) : written_version);
}

void load_legacy_weights(const hdf5::File& file, const std::string& group, const Layer& model,
                         const Config* order) {
  std::vector<LayerWeights> layers = of_model(model, order);
  match(layers, in_file(file, group), file.name(), order != nullptr);
  Weights wanted;
  Strings paths;
  std::vector<GivenWeight> given;
  for (const LayerWeights& layer : layers) {
    for (std::size_t i = 0; i < std::max(layer.weights.size(), layer.datasets.size()); ++i) {
      const std::string path = i < layer.datasets.size()
                                   ? layer.datasets[i]
                                   : fmt::format("{} of {}", layer.weights[i].name, layer.name);
      if (i < layer.weights.size()) {
        wanted.push_back(layer.weights[i]);
        wanted.back().name = path;
        paths.push_back(path);
      }
      if (i >= layer.datasets.size()) continue;
      const hdf5::Dataset& dataset = file.datasets().at(path);
      given.push_back({path, dataset.shape, dataset.dtype});
    }
  }
  check_weights(wanted, given, file.name());
  copy_weights(wanted, [&](std::size_t i) { return file.read(paths[i]); });
}

}  // namespace kindling::keras
