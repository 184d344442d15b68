#include <kindling/io/archives/keras_objects.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <vector>

#include <kindling/io/archives/keras_classes.h>
#include <kindling/io/archives/keras_read.h>
#include <kindling/layers/registry.h>
#include <kindling/tensor/fail.h>

namespace kindling::keras {
namespace {

// What some release of Keras since 2.0 called otherwise than the newest does, or wrote beside the
// options that our classes have.
struct Change {
  const char* of;      // a class, as it is named now; "" for every one
  const char* option;  // "" for the name of the class itself
  const char* now;     // its name now, "" if it is left out
  Config only = {};    // left out only where it has this value, and refused otherwise
};
const std::vector<Change>& changes() {
  static const std::vector<Change> all = {
      {"OrthogonalInitializer", "", "Orthogonal"},  // up to 3.6
      {"IdentityInitializer", "", "Identity"},
      {"LeakyReLU", "alpha", "negative_slope"},     // 2
      {"", "lr", "learning_rate"},                  // of optimizers, up to 2.2
      // How it is computed, which changes no number.
      {"", "implementation", ""},
      {"", "use_cudnn", ""},
      {"", "flash_attention", ""},
      {"", "jit_compile", ""},
      {"", "loss_scale_factor", ""},  // what gradients of 16 bits need
      {"", "is_legacy_optimizer", ""},
      // Shapes that the graph has too.
      {"", "input_length", ""},
      {"", "query_shape", ""},
      {"", "key_shape", ""},
      {"", "value_shape", ""},
      {"", "batch_input_shape", ""},
      {"", "batch_shape", ""},
      {"", "input_shape", ""},
      // Options that we have one value of.
      {"", "rms_scaling", "", false},
      {"", "time_major", "", false},
      {"", "sparse", "", false},
      {"", "ragged", "", false},
      {"", "use_gate", "", false},
      {"", "autocast", "", true},
      {"", "dynamic", "", false},
      {"", "num_constants", "", 0},
      {"", "decay", "", 0.0},
      {"SparseTopKCategoricalAccuracy", "from_sorted_ids", "", false},
  };
  return all;
}

const Change* change_of(std::string_view of, std::string_view option) {
  const auto at = std::ranges::find_if(changes(), [&](const Change& change) {
    return option == change.option && (of == change.of || *change.of == '\0');
  });
  return at != changes().end() && (!option.empty() || of == at->of) ? &*at : nullptr;
}

bool is_name_among(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// "keras.src.layers>Dense" -> "Dense": the package that a class is registered under.
std::string without_package(const std::string& name) {
  return name.substr(name.find('>') == name.npos ? 0 : name.find('>') + 1);
}

std::string now_named(const std::string& class_name) {
  const std::string name = without_package(class_name);
  const Change* change = change_of(name, "");
  return change != nullptr ? change->now : name;
}

// The options of an object of Keras's that isn't of a user's own class.
Config options_from_keras(const std::string& class_name, const Config& config,
                          const std::string& what) {
  Config::Map ours;
  for (const auto& [key, value] : config.as_map(what + ": config")) {
    const Config now = value_from_keras(value, what + ": " + key);
    const Change* change = change_of(class_name, key);
    if (change == nullptr) {
      if (key != "dtype") ours.emplace_back(key, now);
    } else if (*change->now != '\0') {
      ours.emplace_back(change->now, now);
    } else if (!change->only.is_null() && !now.is_null() && now.str() != change->only.str()) {
      fail("{}: {}: only {} is supported, got {}", what, key, change->only.str(), now.str());
    }
  }
  // Up to 2.1 there was only this form.
  const auto is_set = [&](const auto& entry) { return entry.first == "reset_after"; };
  if (class_name == "GRU" && std::ranges::none_of(ours, is_set)) {
    ours.emplace_back("reset_after", false);
  }
  return ours;
}

// Whether "training": false stands among a call's arguments because it is the default of the
// class's call().
bool has_default_training(const Config& class_name, const std::string& version) {
  if (!version.starts_with("3.")) return false;
  int minor = 0;
  std::from_chars(version.data() + 2, version.data() + version.size(), minor);
  return minor < 16 &&
         std::ranges::any_of(std::array{"AdditiveAttention", "Attention", "Dropout", "GRU", "LSTM",
                                        "SimpleRNN", "SpatialDropout1D"},
                             [&](const char* name) { return is_text(class_name, name); });
}

// Calls whose training is not false.
Config without_training(const Config& calls) {
  Config::List all;
  for (Config call : calls.is_list() ? calls.as_list("") : Config::List{calls}) {
    Config kwargs = call["kwargs"];
    if (kwargs["training"].str() == "false") {
      kwargs.set("training", {});
      call.set("kwargs", kwargs);
    }
    all.push_back(call);
  }
  return all;
}

}  // namespace

bool is_text(const Config& value, const char* text) {
  return value.is_string() && value.as_string(text) == text;
}

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
  if (!module.is_string()) {  // .h5 files have no modules; these are no layers of Keras's
    const Config& name = object["class_name"];
    return name.is_string() && is_name_among(operations(), name.as_string(""));
  }
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
  if (is_model(value)) return graph_inside(value, what);
  const std::string name = now_named(class_name.as_string(what));
  const Config& config = value["config"];
  if (name == "function") {
    return without_package(config.as_string(what + ", name of a function"));
  }
  if (name == "__tuple__") return value_from_keras(value["items"], what);
  if (name == "__numpy__" || name == "__tensor__") return config["value"];
  if (name == "SeedGenerator") return config["seed"];
  const std::string layer = class_of(value, what);
  if (is_name_among(layer_registry().names(), layer)) {
    return Config::Map{{"class_name", layer},
                       {"config", layer_config_from_keras(layer, config, what)}};
  }
  const Config &registered = value["registered_name"], &module = value["module"];
  const bool of_keras = module.is_string() && module.as_string(what).starts_with("keras");
  if (registered.is_string() && !of_keras) {  // a class of the user's
    return Config::Map{{"class_name", name},
                       {"config", value_from_keras(config, what)},
                       {"registered_name", registered}};
  }
  return Config::Map{{"class_name", name},
                     {"config", config.is_map() ? options_from_keras(name, config, what)
                                                : value_from_keras(config, what)}};
}

Config as_now(const Config& value, const std::string& version) {
  if (value.is_list()) {
    Config::List list;
    for (const Config& each : value.as_list("")) list.push_back(as_now(each, version));
    return list;
  }
  if (!value.is_map()) return value;
  Config::Map map;
  for (const auto& [key, each] : value.as_map("")) {
    const Config name = each.is_map() ? each["config"] : each;
    if (version.starts_with("2") && key.ends_with("activation") && is_text(name, "hard_sigmoid")) {
      map.emplace_back(key, "hard_sigmoid_keras2");
    } else if (key == "inbound_nodes" && has_default_training(value["class_name"], version)) {
      map.emplace_back(key, without_training(each));
    } else {
      map.emplace_back(key, as_now(each, version));
    }
  }
  return map;
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
  if (keras_class(class_name) != nullptr) return options_from_keras(class_name, config, what);
  Config::Map own_of_user;
  for (const auto& [key, value] : config.as_map(what + ": config")) {
    if (key != "dtype") own_of_user.emplace_back(key, value_from_keras(value, what + ": " + key));
  }
  return own_of_user;
}

}  // namespace kindling::keras
