#include <kindling/io/archives/keras_variables.h>

#include <algorithm>
#include <map>
#include <set>

#include <kindling/io/archives/keras_classes.h>
#include <kindling/io/archives/keras_graph.h>
#include <kindling/io/archives/keras_write.h>
#include <kindling/layers/functional_config.h>
#include <kindling/io/weights_file.h>
#include <kindling/layers/functional.h>
#include <kindling/tensor/fail.h>

namespace kindling::keras {
namespace {

// A dataset's path as the newest Keras writes it. Keras 2.12 to 2.15 had another name for where the
// layers of a graph are, and on Windows its own separator between parts of a group's name.
std::string now_at(std::string path) {
  std::ranges::replace(path, '\\', '/');
  constexpr std::string_view early = "_layer_checkpoint_dependencies/";
  for (std::size_t at = path.find(early); at != path.npos; at = path.find(early, at)) {
    path.replace(at, early.size(), "layers/");
  }
  return path;
}

class Walk {
 public:
  Walk(const Layer& model, bool written_out)
      : names_(names_inside(model)), written_out_(written_out) {}
  std::vector<Variables> all;

  void visit(const Layer& layer, const std::string& path, const Config* order) {
    if (!seen_.insert(layer.impl().get()).second) return;
    if (const auto* graph = dynamic_cast<const FunctionalImpl*>(layer.impl().get())) {
      all.push_back({.path = path, .name = name_of(layer), .of_graph = true});
      return container(*graph, hdf5::path_in(path, "layers"), order);
    }
    const Weights own = own_weights(layer);
    const std::string& class_name = layer.class_name();
    if (class_name == "LSTM" || class_name == "GRU" || class_name == "SimpleRNN") {
      const std::string cell = hdf5::path_in(path, "cell");
      all.push_back({path, name_of(layer)});
      all.push_back({cell, snake_case(class_name) + "_cell", own});
      parts(layer, cell, order);
    } else if (class_name == "MultiHeadAttention") {
      heads(layer, path, own);
    } else {
      all.push_back({path, name_of(layer), own});
      parts(layer, path, order);
    }
  }

 private:
  // Without those of the layers inside.
  static Weights own_weights(const Layer& layer) {
    std::set<const Storage*> inside;
    for (const Layer& part : layer.impl()->layers()) {
      for (const Weight& w : part.weights()) inside.insert(w.value.storage().get());
    }
    Weights own = layer.impl()->weights_inside();
    std::erase_if(own, [&](const Weight& w) { return inside.contains(w.value.storage().get()); });
    return own;
  }

  // By the attribute that holds each: the option that it is given as, or its own name.
  void parts(const Layer& layer, const std::string& path, const Config* config) {
    const std::vector<Layer> inside = layer.impl()->layers();
    if (inside.empty()) return;
    const Config own = layer.config();
    for (std::size_t i = 0; i < inside.size(); ++i) {
      const std::string option = keras_class(layer.class_name()) != nullptr
                                     ? option_of(own, inside[i].name()) : inside[i].name();
      const std::string attribute =
          layer.class_name() == "Bidirectional" && i == 0 ? "forward_layer" : option;
      visit(inside[i], hdf5::path_in(path, attribute),
            config != nullptr ? &(*config)[option]["config"] : nullptr);
    }
  }

  static std::string option_of(const Config& options, const std::string& layer) {
    for (const auto& [option, value] : options.as_map(layer)) {
      const Config& name = value["config"]["name"];
      if (name.is_string() && name.as_string(layer) == layer) return option;
    }
    return layer;
  }

  // Its projections are layers to Keras, its weights' names "query/kernel" to us.
  void heads(const Layer& layer, const std::string& path, const Weights& own) {
    all.push_back({path, name_of(layer)});
    for (const auto& [ours, attribute] : {std::pair{"query", "query_dense"},
                                          std::pair{"key", "key_dense"},
                                          std::pair{"value", "value_dense"},
                                          std::pair{"attention_output", "output_dense"}}) {
      Variables part{hdf5::path_in(path, attribute), ours, {},
                     hdf5::path_in(path, std::string("_") + attribute)};
      for (const Weight& w : own) {
        if (w.name.starts_with(std::string(ours) + "/")) part.weights.push_back(w);
      }
      all.push_back(std::move(part));
    }
  }

  std::vector<Layer> ordered(const FunctionalImpl& graph, const Config* order) {
    if (order == nullptr || !(*order)["layers"].is_list()) {
      const Graph as_written = keras_graph(graph, written_out_);
      names_.insert(as_written.names.begin(), as_written.names.end());
      return as_written.layers;
    }
    std::map<std::string, Layer> by_name;
    for (const Layer& layer : graph.layers()) by_name.emplace(layer.name(), layer);
    std::vector<Layer> layers;
    for (const Config& entry : (*order)["layers"].as_list("layers")) {
      const auto at = by_name.find(entry["name"].as_string("name"));
      if (at != by_name.end()) layers.push_back(at->second);
    }
    return layers;
  }

  // The config of a layer in a graph.
  static const Config* order_of(const Layer& layer, const Config* order) {
    if (order == nullptr) return nullptr;
    for (const Config& entry : (*order)["layers"].as_list("layers")) {
      if (entry["name"].as_string("name") == layer.name()) return &entry["config"];
    }
    return nullptr;
  }

  void container(const FunctionalImpl& graph, const std::string& path, const Config* order) {
    const bool sequential = graph.class_name() == "Sequential";
    std::map<std::string, int> used;
    for (const Layer& layer : ordered(graph, order)) {
      if (is_operation(layer) || (sequential && layer.class_name() == "InputLayer")) continue;
      std::string name = snake_case(layer.class_name());
      if (const int number = used[name]++; number > 0) name = fmt::format("{}_{}", name, number);
      visit(layer, hdf5::path_in(path, name), order_of(layer, order));
    }
  }

  std::string name_of(const Layer& layer) const {
    const auto at = names_.find(layer.impl().get());
    return at != names_.end() ? at->second : layer.name();
  }

  std::set<const LayerImpl*> seen_;
  Names names_;  // where they aren't the layers' own
  bool written_out_;
};

std::string vars(const std::string& path) { return hdf5::path_in(path, "vars"); }

// Of random generators, which aren't Keras's here, and of what a graph that was compiled has beside
// its layers: optimizers and metrics.
bool is_beside(const std::string& path, const std::set<std::string>& graphs) {
  for (const char* part : {"seed_generator/", "_seed_generator/"}) {
    if (path.find(part) != path.npos) return true;
  }
  for (std::size_t end = 0; end != path.npos; end = path.find('/', end + 1)) {
    if (!graphs.contains(path.substr(0, end))) continue;
    const std::string inside = path.substr(end == 0 ? 0 : end + 1);
    if (!inside.starts_with("layers/") && !inside.starts_with("vars/")) return true;
  }
  return false;
}

}  // namespace

std::vector<Variables> variables_of(const Layer& model, const Config* order, bool written_out) {
  Walk walk(model, written_out);
  walk.visit(model, "", order);
  return walk.all;
}

bool has_all(const hdf5::File& file, const std::vector<Variables>& all) {
  std::set<std::string> found;
  for (const auto& [path, dataset] : file.datasets()) found.insert(now_at(path));
  return std::ranges::all_of(all, [&](const Variables& variables) {
    return variables.weights.empty() || found.contains(vars(variables.path) + "/0") ||
           found.contains(vars(variables.old_path) + "/0");
  });
}

void load_variables(const hdf5::File& file, const std::vector<Variables>& all) {
  std::map<std::string, std::string> found;  // where the datasets are, by their paths now
  for (const auto& [path, dataset] : file.datasets()) found.emplace(now_at(path), path);
  Weights wanted;
  std::map<std::string, std::string> labels;  // by path: also whose it is
  std::vector<std::string> paths;
  std::set<std::string> graphs;
  for (const Variables& variables : all) {
    if (variables.of_graph) graphs.insert(variables.path);
    const std::string old = vars(variables.old_path) + "/0";
    const bool is_old = !variables.old_path.empty() && found.contains(old);
    const std::string path = vars(is_old ? variables.old_path : variables.path);
    for (std::size_t i = 0; i < variables.weights.size(); ++i) {
      Weight weight = variables.weights[i];
      paths.push_back(path + "/" + std::to_string(i));
      weight.name = fmt::format("{} ({} of {})", paths.back(), weight.name, variables.name);
      labels[paths.back()] = weight.name;
      wanted.push_back(std::move(weight));
    }
  }
  std::vector<GivenWeight> given;
  for (const auto& [path, in_file] : found) {
    if (is_beside(path, graphs)) continue;
    const hdf5::Dataset& dataset = file.datasets().at(in_file);
    const auto label = labels.find(path);
    given.push_back({label != labels.end() ? label->second : path, dataset.shape, dataset.dtype});
  }
  check_weights(wanted, given, file.name());
  copy_weights(wanted, [&](std::size_t i) { return file.read(found.at(paths[i])); });
}

void write_variables(hdf5::Writer& file, const std::vector<Variables>& all) {
  for (const Variables& variables : all) {
    file.group(vars(variables.path), variables.name);
    for (std::size_t i = 0; i < variables.weights.size(); ++i) {
      file.dataset(vars(variables.path) + "/" + std::to_string(i), variables.weights[i].value);
    }
  }
}

}  // namespace kindling::keras
