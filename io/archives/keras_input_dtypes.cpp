#include <kindling/io/archives/keras_input_dtypes.h>

#include <map>

#include <kindling/io/archives/keras_objects.h>
#include <kindling/layers/functional_config.h>
#include <kindling/io/json.h>
#include <kindling/tensor/fail.h>

namespace kindling::keras {
namespace {

// Who takes what an input gives.
struct Use {
  bool ids = false, floats = false;
};
using Uses = std::map<std::string, Use>;

// Whether a nested model's input is int32.
bool takes_ids(const Config& model, std::size_t place, const std::string& file) {
  const Config::List& inputs = model["input_layers"].as_list(file);
  if (place >= inputs.size()) return false;
  const std::string& name = inputs[place].as_list(file)[0].as_string(file);
  for (const Config& layer : model["layers"].as_list(file)) {
    if (layer["name"].as_string(file) == name) return is_text(layer["config"]["dtype"], "int32");
  }
  return false;
}

void note_uses(const Config& user, const Config& call, const std::string& file, Uses& uses) {
  const std::string& class_name = user["class_name"].as_string(file);
  std::size_t place = 0;
  const auto note = [&](const Config& tensor) {
    const Config& history = tensor["config"]["keras_history"];
    if (history.is_list()) {
      Use& use = uses[history.as_list(file)[0].as_string(file)];
      const bool takes = class_name == "Embedding" || (is_graph_class(class_name) &&
                                                       takes_ids(user["config"], place, file));
      use.ids = use.ids || takes;
      use.floats = use.floats || (!takes && class_name != "NotEqual");
    }
    ++place;
  };
  for (const Config& each : call["args"].as_list(file)) {
    if (!each.is_list()) {
      note(each);
      continue;
    }
    for (const Config& tensor : each.as_list(file)) note(tensor);
  }
}

}  // namespace

void whole_number_inputs(Config::List& layers, const std::string& file) {
  Uses uses;
  for (const Config& user : layers) {
    for (const Config& call : user["inbound_nodes"].as_list(file)) {
      note_uses(user, call, file, uses);
    }
  }
  for (Config& layer : layers) {
    if (!is_text(layer["class_name"], "InputLayer")) continue;
    Config config = layer["config"];
    if (!is_text(config["dtype"], "float32")) continue;
    const std::string& name = layer["name"].as_string(file);
    const Use use = uses[name];
    if (use.ids && use.floats) {
      fail("{}: layer {}: is of floats and goes to an Embedding, and elsewhere; make it int32 in "
           "Keras", file, in_quotes(name));
    }
    if (!use.ids) continue;
    config.set("dtype", "int32");
    layer.set("config", config);
  }
}

}  // namespace kindling::keras
