#include <algorithm>
#include <array>

#include <kindling/io/archives/keras_classes.h>
#include <kindling/io/archives/keras_write.h>
#include <kindling/layers/symbolic.h>
#include <kindling/tensor/fail.h>

namespace kindling::keras {
namespace {

bool is_one_of(const std::string& name, const std::vector<std::string>& names) {
  return std::ranges::find(names, name) != names.end();
}

// What stands first among an initializer's options, and last.
Config initializer_options(const std::string& class_name, const Config& options) {
  Config::Map ordered;
  for (const auto& [key, value] : options.as_map(class_name)) {
    if (key == "seed") ordered.insert(ordered.begin(), {key, value});
    else ordered.emplace_back(key, value);
  }
  static const std::vector<std::string> of_fans = {"GlorotNormal", "GlorotUniform", "HeNormal",
                                                   "HeUniform",    "LecunNormal",   "LecunUniform",
                                                   "VarianceScaling"};
  if (is_one_of(class_name, of_fans)) {
    ordered.emplace_back("input_axes", Config());
    ordered.emplace_back("output_axes", Config());
  }
  return ordered;
}

Config::List list_of(const Config& value, const std::string& what) {
  return value.is_list() ? value.as_list(what) : Config::List{value};
}

// Axes from 0, as a built layer of Keras has them.
Config axes_of(const Config& value, const Layer& layer) {
  const Shapes& shapes = layer.impl()->built_shapes();
  Config::List axes;
  for (const Config& each : list_of(value, "axis")) {
    const std::int64_t axis = each.as_int("axis");
    axes.emplace_back(axis < 0 && !shapes.empty() ? axis + shapes[0].rank() : axis);
  }
  return axes;
}

Config option_value(const Option& option, const Config& ours, const Layer& layer,
                    const Names& names) {
  const Config& value = ours[option.name];
  if (option.form == Form::fixed) return option.value;
  for (const Layer& inside : layer.impl()->layers()) {
    const Config& name = value["config"]["name"];
    if (name.is_string() && name.as_string(option.name) == inside.name()) {
      return object_to_keras(inside, names);
    }
  }
  if (value.is_null()) return value;
  switch (option.form) {
    case Form::sizes: return list_of(value, option.name);
    case Form::initializer: return function_to_keras(value, "keras.initializers");
    case Form::regularizer: return function_to_keras(value, "keras.regularizers");
    case Form::constraint: return function_to_keras(value, "keras.constraints");
    case Form::axes: return axes_of(value, layer);
    default: return value;
  }
}

// Keras takes the shape of an activation's result for that of its input.
void check_activation(const Layer& layer, const Config& activation) {
  if (!activation.is_string()) return;
  const std::string& name = activation.as_string("activation");
  if (name != "glu" && name != "hard_sigmoid_keras2") return;
  fail("{}: has the activation {}, {}", layer.impl()->who(), name,
       name == "glu" ? "whose results have another size than Keras believes, so that it could not "
                       "open the model"
                     : "which Keras 3 does not have");
}

Config config_to_keras(const Layer& layer, const Class& known, const Names& names) {
  Config ours = layer.config();
  const std::string& class_name = layer.class_name();
  if (class_name == "MultiHeadAttention" && ours["value_dim"].is_null()) {
    ours.set("value_dim", ours["key_dim"]);
  }
  for (const char* option : {"activation", "recurrent_activation"}) {
    check_activation(layer, ours[option]);
  }
  const auto renamed = names.find(layer.impl().get());
  const std::string& name = renamed != names.end() ? renamed->second : layer.name();
  Config config = Config::Map{{"name", name},
                              {"trainable", layer.trainable()},
                              {"dtype", dtype_policy()}};
  if (class_name == "SpatialDropout1D") config = Config::Map();  // its own come first
  if (const Config& activity = ours["activity_regularizer"]; !activity.is_null()) {
    config.set("activity_regularizer", function_to_keras(activity, "keras.regularizers"));
  }
  for (const Option& option : known.options) {
    const Config value = option_value(option, ours, layer, names);
    if (option.form != Form::if_set || !value.is_null()) config.set(option.name, value);
  }
  if (class_name == "SpatialDropout1D") {
    config.set("name", name);
    config.set("dtype", "float32");
  }
  return config;
}

Config input_config(const Layer& layer) {
  const Config ours = layer.config();
  return Config::Map{{"batch_shape", ours["batch_shape"]}, {"dtype", ours["dtype"]},
                     {"sparse", false},                    {"ragged", false},
                     {"name", layer.name()},               {"optional", false}};
}

Config operation_to_keras(const Layer& layer) {
  const std::string& class_name = layer.class_name();
  Config config = Config::Map{{"name", layer.name()}};
  if (class_name == "Any") {
    const Config ours = layer.config();
    config.set("axis", ours["axis"]);
    config.set("keepdims", ours["keepdims"]);
  }
  const bool of_core = class_name == "ConvertToTensor";
  if (of_core) {
    for (const char* option : {"dtype", "sparse", "ragged"}) config.set(option, {});
  }
  return Config::Map{{"module", of_core ? "keras.src.ops.core" : "keras.src.ops.numpy"},
                     {"class_name", class_name},
                     {"config", config},
                     {"registered_name", class_name}};
}

// A layer of the user's: who loads it in Keras has a class of that name.
Config own_config(const Layer& layer) {
  Config config = Config::Map{{"name", layer.name()},
                              {"trainable", layer.trainable()},
                              {"dtype", dtype_policy()}};
  const Config ours = layer.config();
  for (const auto& [key, value] : ours.as_map(layer.name())) config.set(key, value);
  return config;
}

Config shapes_config(const Shapes& shapes, std::size_t begin, std::size_t end) {
  Config::List list;
  for (std::size_t i = begin; i < std::min(end, shapes.size()); ++i) {
    list.push_back(to_config(shapes[i]));
  }
  return list;
}

Config build_config(const Layer& layer) {
  const Shapes& shapes = layer.impl()->built_shapes();
  const std::string& class_name = layer.class_name();
  if (class_name == "MultiHeadAttention") {
    Config::Map named;
    constexpr std::array names = {"query_shape", "value_shape", "key_shape"};
    for (std::size_t i = 0; i < std::min(names.size(), shapes.size()); ++i) {
      named.emplace_back(names[i], to_config(shapes[i]));
    }
    return Config::Map{{"shapes_dict", named}};
  }
  if (is_one_of(class_name, {"LSTM", "GRU", "SimpleRNN", "Bidirectional"}) && shapes.size() > 1) {
    return Config::Map{
        {"shapes_dict",
         Config::Map{{"sequences_shape", to_config(shapes[0])},
                     {"initial_state_shape", shapes_config(shapes, 1, shapes.size())}}}};
  }
  const bool lists = shapes.size() > 1 || takes_list(class_name);
  return Config::Map{
      {"input_shape", lists ? shapes_config(shapes, 0, shapes.size()) : to_config(shapes[0])}};
}

}  // namespace

bool takes_list(const std::string& class_name) {
  return is_one_of(class_name, {"Add", "AdditiveAttention", "Attention", "Average", "Concatenate",
                                "Dot", "Maximum", "Minimum", "Multiply", "Subtract"});
}

Config dtype_policy() {
  return Config::Map{{"module", "keras"},
                     {"class_name", "DTypePolicy"},
                     {"config", Config::Map{{"name", "float32"}}},
                     {"registered_name", Config()}};
}

Config function_to_keras(const Config& function, const std::string& module) {
  const std::string& name = function["class_name"].as_string(module);
  const Config& options = function["config"].is_null() ? Config(Config::Map()) : function["config"];
  if (!function["registered_name"].is_null()) {  // one that was left out when the model was loaded
    return Config::Map{{"module", Config()},
                       {"class_name", name},
                       {"config", options},
                       {"registered_name", function["registered_name"]}};
  }
  return Config::Map{{"module", module},
                     {"class_name", name},
                     {"config", initializer_options(name, options)},
                     {"registered_name", Config()}};
}

Config layer_to_keras(const Layer& layer, const Names& names) {
  const std::string& class_name = layer.class_name();
  const bool input = class_name == "InputLayer";
  const Class* known = keras_class(class_name);
  if (is_operation(layer)) return operation_to_keras(layer);
  const bool of_keras = input || known != nullptr;
  Config object = Config::Map{
      {"module", of_keras ? Config("keras.layers") : Config()},
      {"class_name", class_name},
      {"config", input ? input_config(layer)
                       : known != nullptr ? config_to_keras(layer, *known, names)
                                          : own_config(layer)},
      {"registered_name", of_keras ? Config() : Config(class_name)}};
  // A stateful layer is built when it is called, with the batch that its input has.
  const bool stateful = layer.config()["stateful"].str() == "true";
  const bool builds = !input && !stateful && (known == nullptr || known->builds);
  if (builds && !layer.impl()->built_shapes().empty()) {
    object.set("build_config", build_config(layer));
  }
  return object;
}

}  // namespace kindling::keras
