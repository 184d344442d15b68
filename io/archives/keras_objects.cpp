#include <kindling/io/archives/keras_objects.h>

#include <algorithm>
#include <array>
#include <string_view>

#include <kindling/io/archives/keras_classes.h>
#include <kindling/layers/registry.h>
#include <kindling/tensor/fail.h>

namespace kindling::keras {
namespace {

// What Keras's layers say of how they compute, which changes no number, or of what they once were.
constexpr std::array without_effect = {
    "implementation",    "use_cudnn",   "input_length", "query_shape", "key_shape", "value_shape",
    "batch_input_shape", "batch_shape", "input_shape"};

// Options of Keras that our layers have only one value of.
struct OnlyValue {
  const char* option;
  Config value;
};
const std::vector<OnlyValue>& only_values() {
  static const std::vector<OnlyValue> all = {{"rms_scaling", false}, {"time_major", false},
                                             {"sparse", false},      {"ragged", false},
                                             {"use_gate", false},    {"autocast", true}};
  return all;
}

bool is_name_among(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// "keras.src.layers>Dense" -> "Dense": the package that a class is registered under.
std::string without_package(const std::string& name) {
  return name.substr(name.find('>') == name.npos ? 0 : name.find('>') + 1);
}

}  // namespace

std::string class_of(const Config& object, const std::string& what) {
  const std::string& class_name = object["class_name"].as_string(what + ": class_name");
  const Config& registered = object["registered_name"];
  const std::vector<std::string> known = layer_registry().names();
  if (registered.is_string() && !is_name_among(known, class_name)) {
    const std::string name = without_package(registered.as_string(what));
    if (is_name_among(known, name)) return name;
  }
  return without_package(class_name);
}

bool is_operation(const Config& object) {
  const Config& module = object["module"];
  if (!module.is_string()) return false;
  const std::string& name = module.as_string("");
  return name.starts_with("keras.src.ops") || name.starts_with("keras.ops");
}

Config value_from_keras(const Config& value, const std::string& what) {
  if (value.is_list()) {
    Config::List list;
    for (const Config& each : value.as_list(what)) list.push_back(value_from_keras(each, what));
    return list;
  }
  if (!value.is_map()) return value;
  const Config& class_name = value["class_name"];
  if (!class_name.is_string()) {
    Config::Map map;
    for (const auto& [key, each] : value.as_map(what)) {
      map.emplace_back(key, value_from_keras(each, what));
    }
    return map;
  }
  const std::string& name = class_name.as_string(what);
  if (name == "function") {
    return without_package(value["config"].as_string(what + ", name of a function"));
  }
  if (name == "__tuple__") return value_from_keras(value["items"], what);
  const std::vector<std::string> layers = layer_registry().names();
  if (is_name_among(layers, class_of(value, what))) {
    const std::string layer = class_of(value, what);
    return Config::Map{{"class_name", layer},
                       {"config", layer_config_from_keras(layer, value["config"], what)}};
  }
  return Config::Map{{"class_name", without_package(name)},
                     {"config", value_from_keras(value["config"], what)}};
}

void check_dtype_policy(const Config& dtype, const std::string& what) {
  if (dtype.is_null()) return;
  const Config& name = dtype.is_map() ? dtype["config"]["name"] : dtype;
  if (name.is_string() && name.as_string(what) == "float32") return;
  fail("{}: only the dtype policy float32 is supported, got {}; in Keras, build the model under "
       "that policy, load the weights into it and save it again", what,
       name.is_null() ? dtype.str() : name.str());
}

Config input_dtype_from_keras(const Config& dtype, const std::string& what) {
  const Config& policy = dtype.is_map() ? dtype["config"]["name"] : dtype;
  if (policy.is_null()) return "float32";
  const std::string& name = policy.as_string(what + ": dtype");
  if (name == "bool") return "bool";
  if (name.starts_with("int") || name.starts_with("uint")) return "int32";
  if (name.starts_with("float") || name == "bfloat16") return "float32";
  fail("{}: an input is of floats, whole numbers or bool, got dtype \"{}\"", what, name);
}

Config layer_config_from_keras(const std::string& class_name, const Config& config,
                               const std::string& what) {
  check_dtype_policy(config["dtype"], what);
  const bool own_of_user = keras_class(class_name) == nullptr;
  Config::Map ours;
  for (const auto& [key, value] : config.as_map(what + ": config")) {
    if (key == "dtype") continue;
    if (own_of_user) {
      ours.emplace_back(key, value_from_keras(value, what + ": " + key));
      continue;
    }
    const auto only = std::ranges::find(only_values(), key, &OnlyValue::option);
    if (only != only_values().end() && !value.is_null()) {
      if (value.str() == only->value.str()) continue;
      fail("{}: {}: only {} is supported, got {}", what, key, only->value.str(), value.str());
    }
    if (std::ranges::find(without_effect, std::string_view(key)) != without_effect.end()) continue;
    if (key == "alpha" && class_name == "LeakyReLU") {  // its name in Keras 2
      ours.emplace_back("negative_slope", value_from_keras(value, what));
    } else {
      ours.emplace_back(key, value_from_keras(value, what + ": " + key));
    }
  }
  return ours;
}

}  // namespace kindling::keras
