#include <kindling/io/archives/keras_missing.h>

#include <algorithm>
#include <map>
#include <vector>

#include <kindling/io/archives/keras_objects.h>
#include <kindling/io/archives/keras_read.h>
#include <kindling/io/json.h>
#include <kindling/layers/registry.h>
#include <kindling/tensor/fail.h>

namespace kindling::keras {
namespace {

using Strings = std::vector<std::string>;

class Search {
 public:
  explicit Search(const std::string& file) : file_(file), known_(layer_registry().names()) {}

  void model(const Config& object) {
    for (const Config& layer : layers_of(object, file_)) visit(layer);
  }

  std::string text() const {
    std::string all;
    for (const auto& [what, layers] : missing_) {
      all += fmt::format("{}{} ({} {})", all.empty() ? "" : ", ", what,
                         layers.size() == 1 ? "layer" : "layers", fmt::join(layers, ", "));
    }
    return all;
  }
  std::size_t count() const { return missing_.size(); }

 private:
  void visit(const Config& layer) {
    if (is_model(layer)) return model(layer);
    const Config& of_layer = layer["name"];
    const std::string name =
        class_of(layer, of_layer.is_string()
                            ? fmt::format("{}: layer {}", file_,
                                          in_quotes(of_layer.as_string(file_)))
                            : file_ + ": a layer");
    const Strings& have = is_operation(layer) ? operations() : known_;
    if (std::ranges::find(have, name) == have.end()) note(layer, name);
    if (!layer["config"].is_map()) return;
    for (const auto& [key, value] : layer["config"].as_map(file_)) {
      if (key != "layer" && key != "backward_layer" && key != "cell") continue;
      if (!value.is_map()) continue;
      if (is_model(value)) {
        note(layer, name + " of a model");
      } else {
        visit(value);
      }
    }
  }

  void note(const Config& layer, std::string what) {
    if (layer["module"].is_string()) what += " of " + layer["module"].as_string(file_);
    const Config& name = layer["name"].is_null() ? layer["config"]["name"] : layer["name"];
    Strings& layers = missing_[what];
    layers.push_back(name.is_string() ? '"' + name.as_string(file_) + '"' : "without a name");
  }

  const std::string& file_;
  Strings known_;
  std::map<std::string, Strings> missing_;
};

}  // namespace

void check_classes(const Config& model, const std::string& file) {
  Search search(file);
  search.model(model);
  if (search.count() == 0) return;
  fail("{}: {} {} missing: {}; register_layer<..>() adds a class of one's own", file,
       search.count(), search.count() == 1 ? "class is" : "classes are", search.text());
}

}  // namespace kindling::keras
