#include <kindling/io/archives/keras_read.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include <kindling/io/archives/keras_calls.h>
#include <kindling/io/archives/keras_config.h>
#include <kindling/io/archives/keras_input_dtypes.h>
#include <kindling/io/archives/keras_missing.h>
#include <kindling/io/archives/keras_objects.h>
#include <kindling/layers/functional_config.h>
#include <kindling/io/json.h>
#include <kindling/tensor/fail.h>

namespace kindling::keras {
namespace {

using Strings = std::vector<std::string>;

std::string model_class(const Config& object) {
  const std::string name = object["class_name"].as_string("class_name of a model");
  return name == "Sequential" ? name : "Functional";
}

// A layer as it stands in a model, on its way into our config.
struct Entry {
  std::string name, class_name;
  Config config = {};
  Config::List calls = {};
  Config shared = {};  // its shared_object_id, if it has one
};

Config entry_config(const Entry& entry) {
  Config config = Config::Map{{"class_name", entry.class_name},
                              {"name", entry.name},
                              {"config", entry.config},
                              {"inbound_nodes", entry.calls}};
  if (!entry.shared.is_null()) config.set("shared_object_id", entry.shared);
  return config;
}

Config triple(const std::string& layer) { return Config::List{layer, 0, 0}; }

Config input_layer(const std::string& name, const Config& batch_shape, const Config& dtype) {
  return Config::Map{{"name", name}, {"batch_shape", batch_shape}, {"dtype", dtype}};
}

// What all graphs of a file have in common.
struct SourceFile {
  std::string file;
  // Of layers that stand in several graphs, by their configs: Keras marks the second and those
  // after it, not the first.
  std::map<std::string, Config> shared = {};
};

Config without_ids(const Config& value) {
  if (value.is_list()) {
    Config::List list;
    for (const Config& each : value.as_list("")) list.push_back(without_ids(each));
    return list;
  }
  if (!value.is_map()) return value;
  Config::Map map;
  for (const auto& [key, each] : value.as_map("")) {
    if (key != "shared_object_id") map.emplace_back(key, without_ids(each));
  }
  return map;
}

// What two entries of one layer have in common.
std::string key_of(const Config& layer) {
  return to_json(without_ids(Config::List{layer["class_name"], layer["config"],
                                          layer["build_config"]}), -1);
}

void note_shared(const Config& model, SourceFile& source) {
  for (const Config& layer : layers_of(model, source.file)) {
    const Config& id = layer["shared_object_id"];
    if (!id.is_null()) {
      source.shared.emplace(key_of(layer), id);  // with all that is inside, if it is a model
    } else if (is_model(layer)) {
      note_shared(layer, source);
    }
  }
}

class Graph {
 public:
  Graph(const Config& model, const SourceFile& source)
      : model_(model), all_(source), file_(source.file) {}

  Config read() {
    const bool sequential = model_class(model_) == "Sequential";
    for (const Config& layer : layers_of(model_, file_)) add(layer, sequential);
    if (sequential) {
      chain();
    } else {
      calls();
      inputs_ = ends("input_layers", false);
      outputs_ = ends("output_layers", true);
    }
    Config::List layers;
    for (const Entry& entry : entries_) layers.push_back(entry_config(entry));
    whole_number_inputs(layers, file_);
    const Config& given = model_["config"];
    Config config = Config::Map{{"name", given["name"]},
                                {"trainable", given["trainable"]},
                                {"layers", layers},
                                {"input_layers", inputs_},
                                {"output_layers", outputs_}};
    // What an object of outputs calls them; its lists and objects inside have no such names.
    if (const Config& outputs = given["output_layers"]; outputs.is_map()) {
      const Config::List names = keys_of(outputs);
      if (names.size() == outputs_.size()) config.set("output_names", names);
    }
    return Config::Map{{"class_name", model_class(model_)}, {"config", config}};
  }

 private:
  std::string what(const std::string& layer) const { return file_ + ": layer " + in_quotes(layer); }

  void add(const Config& layer, bool sequential) {
    const Config& given = layer["name"].is_null() ? layer["config"]["name"] : layer["name"];
    Entry entry{.name = given.as_string(file_ + ": name of a layer"), .class_name = {}};
    if (!all_.shared.empty()) {
      const auto shared = all_.shared.find(key_of(layer));
      if (shared != all_.shared.end()) entry.shared = shared->second;
    }
    if (at_.contains(entry.name)) {
      fail("{}: two layers are named {}", file_, in_quotes(entry.name));
    }
    if (is_model(layer)) {
      const Config inside = Graph(layer, all_).read();
      entry.class_name = inside["class_name"].as_string(file_);
      entry.config = inside["config"];
      entry.config.set("name", entry.name);
    } else {
      entry.class_name = class_of(layer, file_);
      entry.config = config_of(layer, entry);
    }
    if (!sequential && entry.class_name != "InputLayer") {
      layer["inbound_nodes"].as_list(what(entry.name) + ": inbound_nodes");
    }
    at_[entry.name] = entries_.size();
    entries_.push_back(std::move(entry));
    sources_.push_back(&layer);
  }

  Config config_of(const Config& layer, const Entry& entry) const {
    const std::string who = what(entry.name);
    const Config& config = layer["config"];
    if (entry.class_name == "InputLayer") {
      for (const char* option : {"sparse", "ragged", "optional"}) {
        if (!config[option].is_null() && config[option].as_bool(who)) {
          fail("{}: an input that is {} is not supported", who, option);
        }
      }
      const Config& shape = config["batch_shape"].is_null() ? config["batch_input_shape"]
                                                            : config["batch_shape"];
      if (!shape.is_list() || shape.as_list(who).empty()) {
        fail("{}: batch_shape: a list is needed, the batch first, got {}", who, shape.str());
      }
      return input_layer(entry.name, shape, input_dtype_from_keras(config["dtype"], who));
    }
    if (is_operation(layer)) return operation_config(layer, entry.name);
    Config ours = layer_config_from_keras(entry.class_name, config, who);
    ours.set("name", entry.name);
    return ours;
  }

  // NotEqual compares with a constant that stands among its arguments.
  Config operation_config(const Config& layer, const std::string& name) const {
    Config config = Config::Map{{"name", name}};
    const std::string operation = class_of(layer, file_);
    if (operation == "Any") {
      config.set("axis", layer["config"]["axis"]);
      config.set("keepdims", layer["config"]["keepdims"]);
    }
    if (operation != "NotEqual") return config;
    std::optional<double> value;
    for (const Config& call : layer["inbound_nodes"].as_list(what(name))) {
      const Config::List constants = constants_of(call, what(name));
      if (constants.size() != 1) {
        fail("{}: is compared with one number, got {}", what(name), call["args"].str());
      }
      const double number = constants[0].as_double(what(name));
      if (value.value_or(number) != number) {
        fail("{}: is compared with several numbers, {} and {}", what(name), *value, number);
      }
      value = number;
    }
    config.set("value", value.value_or(0));
    return config;
  }

  // Where [layer, call, result] points to. Keras 3 counts a Functional's call of itself, but only
  // among the outputs of a graph.
  struct Place {
    std::size_t layer;  // of sources_
    std::int64_t call;
    Config result;
  };
  Place place_of(const Config& history, bool output) const {
    const Config::List& parts = history.as_list(file_ + ": keras_history");
    if (parts.size() != 3) {
      fail("{}: [layer, call, result] is needed, got {}", file_, history.str());
    }
    const auto at = at_.find(parts[0].as_string(file_ + ": keras_history"));
    if (at == at_.end()) fail("{}: no layer makes the result {}", file_, history.str());
    const std::int64_t call = parts[1].as_int(file_ + ": keras_history");
    const bool own =
        output && !old_ && call > 0 && entries_[at->second].class_name == "Functional";
    return {at->second, own ? call - 1 : call, parts[2]};
  }

  // The calls of a layer are counted from 0 or, where it is called elsewhere before (a nested model
  // by itself in Keras 2, a layer in other graphs too), from a higher number: the least there is.
  void calls() {
    first_.assign(entries_.size(), 0);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const bool elsewhere = is_model(*sources_[i]) || !entries_[i].shared.is_null();
      if (elsewhere) first_[i] = std::numeric_limits<std::int64_t>::max();
      if (entries_[i].class_name == "InputLayer") continue;
      for (const Config& call : (*sources_[i])["inbound_nodes"].as_list(file_)) {
        old_ = old_ || is_old_call(call);
      }
    }
    const auto note = [this](const Config& history, bool output) {
      const Place place = place_of(history, output);
      if (place.call >= 0) first_[place.layer] = std::min(first_[place.layer], place.call);
    };
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      read_calls(i, [&](const Config& history) { return note(history, false), history; });
    }
    for (const Config& end : triples_of("output_layers")) note(end, true);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      entries_[i].calls = read_calls(i, [this](const Config& history) {
        return counted(history, false);
      });
    }
  }

  Config counted(const Config& history, bool output) const {
    const Place place = place_of(history, output);
    const std::int64_t first = place.call < 0 ? 0 : first_[place.layer];
    return Config::List{entries_[place.layer].name, place.call - first, place.result};
  }

  Config::List read_calls(std::size_t i, const Resolve& resolve) const {
    const Entry& entry = entries_[i];
    const Config& source = *sources_[i];
    Config::List all;
    if (entry.class_name == "InputLayer") return all;
    const std::string who = what(entry.name);
    const Strings inputs = is_model(source) ? names_of_inputs(source["config"]) : Strings();
    for (const Config& call : source["inbound_nodes"].as_list(file_)) {
      all.push_back(call_from_keras(entry.class_name,
                                    is_operation(source) ? without_constants(call, who) : call,
                                    resolve, who, inputs));
    }
    return all;
  }

  // In the order in which Keras flattens an object.
  Config::List keys_of(const Config& object) const {
    Strings keys;
    for (const auto& [key, value] : object.as_map(file_)) keys.push_back(key);
    std::ranges::sort(keys);
    return Config::List(keys.begin(), keys.end());
  }

  // What inputs are called in an object that a nested model is given.
  Strings names_of_inputs(const Config& model) const {
    Strings names;
    const Config& inputs = model["input_layers"];
    if (inputs.is_map()) {
      for (const Config& name : keys_of(inputs)) names.push_back(name.as_string(file_));
    } else if (!inputs.is_null()) {
      for (const Config& input : flattened_triples(inputs, file_ + ": input_layers")) {
        names.push_back(input.as_list(file_)[0].as_string(file_));
      }
    }
    return names;
  }

  static Config without_constants(const Config& call, const std::string& what) {
    if (!call.is_map()) return call;
    Config::List tensors;
    for (const Config& value : call["args"].as_list(what + ": args")) {
      if (value.is_map() || value.is_list()) tensors.push_back(value);
    }
    return Config::Map{{"args", tensors}, {"kwargs", call["kwargs"]}};
  }

  Config::List triples_of(const char* key) const {
    return flattened_triples(model_["config"][key], file_ + ": " + key);
  }

  Config::List ends(const char* key, bool outputs) const {
    Config::List all;
    for (const Config& end : triples_of(key)) all.push_back(counted(end, outputs));
    return all;
  }

  // A Sequential's layers, each called on the one before. It may have no input of its own.
  void chain() {
    if (entries_.empty()) fail("{}: a Sequential has no layers", file_);
    if (entries_[0].class_name != "InputLayer") {
      std::string name = "input_layer";
      while (at_.contains(name)) name += "_";
      const Config shape = first_shape();
      const Config dtype = input_dtype_from_keras((*sources_[0])["config"]["dtype"], file_);
      entries_.insert(entries_.begin(),
                      Entry{name, "InputLayer", input_layer(name, shape, dtype)});
    }
    inputs_ = {triple(entries_[0].name)};
    for (std::size_t i = 1; i < entries_.size(); ++i) {
      const Config before = Config::Map{
          {"class_name", "__keras_tensor__"},
          {"config", Config::Map{{"keras_history", triple(entries_[i - 1].name)}}}};
      entries_[i].calls = {Config::Map{{"args", Config::List{before}},
                                       {"kwargs", Config(Config::Map())}}};
    }
    outputs_ = {triple(entries_.back().name)};
  }

  Config first_shape() const {
    const Config& first = *sources_[0];
    for (const Config* shape :
         {&model_["config"]["build_input_shape"], &model_["build_config"]["input_shape"],
          &first["config"]["batch_input_shape"], &first["config"]["batch_shape"],
          &first["build_config"]["input_shape"]}) {
      if (shape->is_list()) return *shape;
    }
    fail("{}: a Sequential that was never built has no input shape; build it in Keras first",
         file_);
  }

  const Config& model_;
  const SourceFile& all_;
  const std::string& file_;
  std::vector<Entry> entries_;
  std::vector<const Config*> sources_;  // of entries_, but for an input that was put first
  std::map<std::string, std::size_t> at_;
  bool old_ = false;                 // whether Keras 2 wrote the calls
  std::vector<std::int64_t> first_;  // the number of each layer's first call
  Config::List inputs_, outputs_;
};

}  // namespace

bool is_model(const Config& object) {
  const Config& name = object["class_name"];
  if (!name.is_string() || is_operation(object)) return false;
  const std::string& class_name = name.as_string("");
  return class_name == "Functional" || class_name == "Sequential" || class_name == "Model";
}

const Config::List& layers_of(const Config& model, const std::string& file) {
  const Config& config = model["config"];
  // The oldest Sequential is the list of its layers.
  return (config.is_list() ? config : config["layers"]).as_list(file + ": layers of a model");
}

const std::vector<std::string>& operations() {
  static const std::vector<std::string> all = {"Any", "ConvertToTensor", "LogicalAnd", "LogicalOr",
                                               "NotEqual"};
  return all;
}

Config graph_inside(const Config& model, const std::string& file) {
  return Graph(model, SourceFile{file}).read();
}

Config graph_from_keras(const Config& model, const std::string& file,
                        const std::string& version) {
  return errors_at(file, [&] {
    if (!is_model(model)) {
      model.as_map("a model");
      fail("its class_name is {}; Functional and Sequential models are read",
           model["class_name"].str());
    }
    const Config now = as_now(model, version);
    check_classes(now, file);
    SourceFile source{file};
    note_shared(now, source);
    return Graph(now, source).read();
  });
}

}  // namespace kindling::keras
