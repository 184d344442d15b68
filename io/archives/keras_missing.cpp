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

  // What is missing, and what to do about it; empty if nothing is.
  std::string text() const {
    std::string all;
    if (!classes_.empty()) {
      all = said(classes_, "class is", "classes are") +
            "; register_layer<..>() adds a class of one's own";
    }
    if (!operations_.empty()) {
      all += (all.empty() ? "" : "; ") + said(operations_, "operation is", "operations are") +
             "; a layer in its place, such as Add for x + y, can be read [operations: " +
             fmt::format("{}]", fmt::join(operations(), ", "));
    }
    return all;
  }

 private:
  using Missing = std::map<std::string, Strings>;  // the layers by what they are

  static std::string said(const Missing& missing, const char* one, const char* several) {
    std::string all;
    for (const auto& [what, layers] : missing) {
      all += fmt::format("{}{} ({} {})", all.empty() ? "" : ", ", what,
                         layers.size() == 1 ? "layer" : "layers", fmt::join(layers, ", "));
    }
    return fmt::format("{} {} missing: {}", missing.size(), missing.size() == 1 ? one : several,
                       all);
  }

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
      if (value.is_map()) visit(value);
    }
  }

  void note(const Config& layer, std::string what) {
    if (layer["module"].is_string()) what += " of " + layer["module"].as_string(file_);
    const Config& name = layer["name"].is_null() ? layer["config"]["name"] : layer["name"];
    Strings& layers = (is_operation(layer) ? operations_ : classes_)[what];
    layers.push_back(name.is_string() ? '"' + name.as_string(file_) + '"' : "without a name");
  }

  const std::string& file_;
  Strings known_;
  Missing classes_, operations_;
};

}  // namespace

void check_classes(const Config& model, const std::string& file) {
  Search search(file);
  search.model(model);
  if (const std::string text = search.text(); !text.empty()) fail("{}: {}", file, text);
}

}  // namespace kindling::keras
