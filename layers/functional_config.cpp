#include <kindling/layers/functional_config.h>

#include <algorithm>
#include <functional>
#include <map>
#include <queue>
#include <utility>
#include <vector>

#include <kindling/layers/registry.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

// Result `index` of call number `call` of a layer.
Config history(const FunctionalImpl& model, const SymbolicTensor& t) {
  return Config::List{t.node()->layer.name(), model.call_index(*t.node()), t.index()};
}

Config argument(const FunctionalImpl& model, const SymbolicTensor& t) {
  if (!t.defined()) return {};
  return Config::Map{{"class_name", "__keras_tensor__"},
                     {"config", Config::Map{{"shape", to_config(t.shape())},
                                            {"dtype", to_config(t.dtype())},
                                            {"keras_history", history(model, t)}}}};
}

// One tensor alone, several as a list.
Config arguments(const FunctionalImpl& model, const SymbolicTensors& tensors) {
  if (tensors.size() == 1) return argument(model, tensors[0]);
  Config::List list;
  for (const SymbolicTensor& t : tensors) list.push_back(argument(model, t));
  return list;
}

Config call_config(const FunctionalImpl& model, const SymbolicNode& node) {
  Config kwargs{Config::Map()};
  if (!node.masks.empty()) kwargs.set("mask", arguments(model, node.masks));
  if (node.arguments.training) kwargs.set("training", *node.arguments.training);
  if (node.arguments.use_causal_mask) kwargs.set("use_causal_mask", true);
  if (node.arguments.return_attention_scores) kwargs.set("return_attention_scores", true);
  return Config::Map{{"args", Config::List{arguments(model, node.inputs)}},
                     {"kwargs", kwargs}};
}

using SharedIds = std::map<const LayerImpl*, std::int64_t>;
// What is being read: layers that were read before, by their shared_object_id.
struct Reading {
  std::string file;
  std::map<std::int64_t, Layer> shared = {};
};

thread_local const SharedIds* writing = nullptr;
thread_local Reading* reading = nullptr;

// While one lives, `now` is in the place of what was there.
template <class T>
class Within {
 public:
  Within(T*& place, T* now) : place_(place), before_(std::exchange(place, now)) {}
  ~Within() { place_ = before_; }
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;

 private:
  T*& place_;
  T* before_;
};

void set_shared_id(const Layer& layer, Config& config) {
  if (writing == nullptr) return;
  const auto id = writing->find(layer.impl().get());
  if (id != writing->end()) config.set("shared_object_id", id->second);
}

Config layer_config(const FunctionalImpl& model, const Layer& layer) {
  Config::List calls;
  for (const auto& node : model.calls_of(*layer.impl())) {
    if (!node->inputs.empty()) calls.push_back(call_config(model, *node));
  }
  Config config = Config::Map{{"class_name", layer.class_name()},
                              {"name", layer.name()},
                              {"config", layer.config()},
                              {"inbound_nodes", calls}};
  set_shared_id(layer, config);
  return config;
}

// In how many places each layer stands, each looked into once.
void count_places(const LayerImpl& model, std::map<const LayerImpl*, int>& places,
                  std::vector<const LayerImpl*>& order) {
  for (const Layer& layer : model.layers()) {
    const LayerImpl* impl = layer.impl().get();
    if (places[impl]++ > 0) continue;
    order.push_back(impl);
    count_places(*impl, places, order);
  }
}

// The layer that was read before with this config's shared_object_id, or what make() returns.
template <class Make>
Layer shared_or_made(const Config& config, Make make) {
  const Config& id = config["shared_object_id"];
  if (id.is_null() || reading == nullptr) return make();
  const std::int64_t number = id.as_int(reading->file + ": shared_object_id");
  const auto at = reading->shared.find(number);
  return at != reading->shared.end() ? at->second
                                     : reading->shared.emplace(number, make()).first->second;
}

// Rebuilds a graph: layer by layer, and after each one every call that can be made by then, those
// of one layer in their order. So first calls come in the order of the layers, as when it was
// saved, and a model that is saved again gives the same bytes.
class Reader {
 public:
  explicit Reader(const Config& config) : config_(config), file_(reading->file) {}

  Functional read(bool sequential) {
    std::vector<const OneLayer*> layers;
    for (const Config& layer : list(config_["layers"], "layers")) {
      layers.push_back(&add_layer(layer));
    }
    for (const OneLayer* layer : layers) make_calls(*layer);
    check_all_made();
    const Config& name = config_["name"];
    std::vector<std::string> output_names;
    if (const Config& given = config_["output_names"]; !given.is_null()) {
      from_config(given, output_names, what("output_names"));
    }
    const Functional model({.inputs = ends("input_layers"), .outputs = ends("output_layers"),
                            .name = name.is_null() ? "" : text(name, "name"),
                            .sequential = sequential, .output_names = output_names});
    if (const Config& trainable = config_["trainable"]; !trainable.is_null()) {
      model.set_trainable(trainable.as_bool(what("trainable")));
    }
    return model;
  }

 private:
  struct OneLayer {
    Layer layer;
    std::size_t first = 0, count = 0;  // its calls
  };
  struct OneCall {
    const Layer* layer;
    const Config* config;                 // null for an input
    bool made = false;
    SymbolicTensors results = {};
    std::size_t missing = 0;              // calls that must come before it
    std::vector<std::size_t> after = {};  // those that wait for this one
  };
  // Result `index` of a call.
  struct Source {
    std::size_t call = 0;
    std::int64_t index = 0;
  };

  std::string what(const std::string& key) const { return file_ + ": " + key; }
  const Config::List& list(const Config& c, const std::string& key) const {
    return c.as_list(what(key));
  }
  const std::string& text(const Config& c, const std::string& key) const {
    return c.as_string(what(key));
  }

  // What f() returns; an Error of it names the layer.
  template <class F>
  auto in_layer(const std::string& name, F f) const {
    try {
      return f();
    } catch (const Error& error) {
      std::string text = error.what();
      for (const std::string& known : {file_ + ": ", std::string("layer: ")}) {
        if (text.starts_with(known)) text = text.substr(known.size());
      }
      const std::string quoted = "\"" + name + "\"";
      if (text.find(quoted) == text.npos) text = "layer " + quoted + ": " + text;
      throw Error(what(text));
    }
  }

  const OneLayer& add_layer(const Config& config) {
    const std::string& class_name = text(config["class_name"], "class_name of a layer");
    const std::string& name = text(config["name"], "name of a layer");
    if (layers_.contains(name)) fail("{}: two layers are named \"{}\"", file_, name);
    const Layer layer = in_layer(name, [&] {
      return shared_or_made(config, [&] {
        return layer_from_config(class_name, config["config"]);
      });
    });
    if (layer.name() != name) {
      fail("{}: layer \"{}\" is named \"{}\" in its config", file_, name, layer.name());
    }
    OneLayer& added = layers_[name];
    added = {layer, calls_.size()};
    if (class_name == "InputLayer") {
      calls_.push_back({&added.layer, nullptr});
    } else {
      for (const Config& call : list(config["inbound_nodes"], "inbound_nodes of " + name)) {
        calls_.push_back({&added.layer, &call});
      }
    }
    added.count = calls_.size() - added.first;
    return added;
  }

  // What [layer, call, result] names; whether the call has such a result is known when it is made.
  Source source(const Config& history) const {
    const Config::List& parts = list(history, "keras_history");
    if (parts.size() != 3) {
      fail("{}: [layer, call, result] is needed, got {}", file_, history.str());
    }
    const auto at = layers_.find(text(parts[0], "keras_history"));
    const std::int64_t call = parts[1].as_int(what("keras_history"));
    const std::int64_t result = parts[2].as_int(what("keras_history"));
    if (at == layers_.end() || call < 0 || std::cmp_greater_equal(call, at->second.count)) {
      no_result(history);
    }
    return {at->second.first + static_cast<std::size_t>(call), result};
  }

  // The tensor, once its call is made.
  const SymbolicTensor& tensor(const Config& history) const {
    const Source from = source(history);
    const SymbolicTensors& results = calls_[from.call].results;
    if (from.index < 0 || std::cmp_greater_equal(from.index, results.size())) no_result(history);
    return results[static_cast<std::size_t>(from.index)];
  }

  [[noreturn]] void no_result(const Config& history) const {
    fail("{}: no layer makes the result {}", file_, history.str());
  }

  // Calls visit(history) for the tensors of an argument, one or a list; with null for one that is
  // null.
  template <class Visit>
  void each_tensor(const Config& argument, const Visit& visit) const {
    if (argument.is_list()) {
      for (const Config& each : list(argument, "args")) each_tensor(each, visit);
    } else {
      visit(argument.is_null() ? nullptr : &argument["config"]["keras_history"]);
    }
  }

  SymbolicTensors tensors(const Config& argument) const {
    SymbolicTensors all;
    each_tensor(argument, [&](const Config* history) {
      all.push_back(history != nullptr ? tensor(*history) : SymbolicTensor());
    });
    return all;
  }

  void make(OneCall& call) const {
    const std::string& layer = call.layer->name();
    SymbolicTensors inputs;
    SymbolicCallOptions options;
    if (call.config != nullptr) {
      const Config& kwargs = (*call.config)["kwargs"];
      inputs = tensors((*call.config)["args"]);
      if (!kwargs["mask"].is_null()) options.mask = tensors(kwargs["mask"]);
      for (const auto& [key, value] : kwargs.is_null() ? Config::Map() : kwargs.as_map(file_)) {
        const std::string name = what(layer + ", " + key);
        if (value.is_null() || key == "mask") continue;
        if (key == "training") {
          options.training = value.as_bool(name);
        } else if (key == "use_causal_mask") {
          options.use_causal_mask = value.as_bool(name);
        } else if (key == "return_attention_scores") {
          options.return_attention_scores = value.as_bool(name);
        } else {
          fail("{}: unknown call argument, got {}", name, value.str());
        }
      }
    }
    call.results = in_layer(layer, [&] { return call.layer->call(inputs, options); });
    call.made = true;
  }

  // Notes what must come before a call: those that it takes results of, and the layer's own.
  void count_missing(std::size_t number, const OneLayer& layer) {
    OneCall& call = calls_[number];
    const auto needs = [&](std::size_t other) {
      if (calls_[other].made) return;
      calls_[other].after.push_back(number);
      ++call.missing;
    };
    if (number > layer.first) needs(number - 1);
    if (call.config == nullptr) return;
    const auto visit = [&](const Config* history) {
      if (history != nullptr) needs(source(*history).call);
    };
    each_tensor((*call.config)["args"], visit);
    each_tensor((*call.config)["kwargs"]["mask"], visit);
  }

  // Makes a layer's calls and those that waited for them: in rounds over all that wait, in each
  // what can be made when its turn comes.
  void make_calls(const OneLayer& layer) {
    using Turn = std::pair<std::size_t, std::size_t>;  // a round, a call
    std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns;
    for (std::size_t i = layer.first; i < layer.first + layer.count; ++i) {
      count_missing(i, layer);
      if (calls_[i].missing == 0) turns.emplace(0, i);
    }
    while (!turns.empty()) {
      const auto [round, number] = turns.top();
      turns.pop();
      make(calls_[number]);
      for (const std::size_t other : std::exchange(calls_[number].after, {})) {
        if (--calls_[other].missing == 0) turns.emplace(round + (other < number ? 1 : 0), other);
      }
    }
  }

  void check_all_made() const {
    const auto waiting = std::ranges::count(calls_, false, &OneCall::made);
    if (waiting == 0) return;
    fail("{}: {} calls wait for each other, first that of \"{}\"", file_, waiting,
         std::ranges::find(calls_, false, &OneCall::made)->layer->name());
  }

  // Keras writes one end as a triple, several as a list of triples.
  SymbolicTensors ends(const std::string& key) const {
    const Config::List& entries = list(config_[key], key);
    SymbolicTensors all;
    const bool single = !entries.empty() && entries[0].is_string();
    for (const Config& entry : single ? Config::List{config_[key]} : entries) {
      all.push_back(tensor(entry));
    }
    return all;
  }

  const Config& config_;
  std::string file_;
  std::map<std::string, OneLayer> layers_;
  std::vector<OneCall> calls_;
};

}  // namespace

void FunctionalImpl::fields(Fields& f) {
  const SharedIds own = writing == nullptr ? shared_layers(*this) : SharedIds();
  const Within scope(writing, writing == nullptr ? &own : writing);
  Config::List layers, inputs, outputs;
  for (const Layer& layer : this->layers()) layers.push_back(layer_config(*this, layer));
  for (const SymbolicTensor& t : options_.inputs) inputs.push_back(history(*this, t));
  for (const SymbolicTensor& t : options_.outputs) outputs.push_back(history(*this, t));
  Config all[] = {layers, inputs, outputs};
  f("layers", all[0]);
  f("input_layers", all[1]);
  f("output_layers", all[2]);
  if (names_outputs()) f("output_names", options_.output_names);
}

Config to_config(const Layer& layer) {
  if (!layer.defined()) return {};
  Config config = Config::Map{{"class_name", layer.class_name()}, {"config", layer.config()}};
  set_shared_id(layer, config);
  return config;
}

void from_config(const Config& config, Layer& layer, const std::string& what) {
  layer = shared_or_made(config, [&] {
    return layer_from_config(config["class_name"].as_string(what + ", class_name"),
                             config["config"]);
  });
}

SharedIds shared_layers(const FunctionalImpl& model) {
  std::map<const LayerImpl*, int> places;
  std::vector<const LayerImpl*> order;
  count_places(model, places, order);
  SharedIds ids;
  for (const LayerImpl* layer : order) {
    if (places[layer] > 1) ids[layer] = std::ssize(ids) + 1;
  }
  return ids;
}

bool is_graph_class(const std::string& class_name) {
  return class_name == "Functional" || class_name == "Sequential";
}

Functional functional_from_config(const Config& config, const std::string& file,
                                  bool sequential) {
  Reading fresh{.file = file};
  const Within scope(reading, &fresh);
  return errors_at(file, [&] {  // a layer's own error knows of no file
    return Reader(config).read(sequential);
  });
}

Functional nested_functional(const Config& config, bool sequential) {
  if (reading == nullptr) return functional_from_config(config, "model", sequential);
  return Reader(config).read(sequential);
}

}  // namespace kindling
