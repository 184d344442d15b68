#include <kindling/io/archives/keras_calls.h>

#include <algorithm>
#include <map>
#include <vector>

#include <kindling/io/archives/keras_classes.h>
#include <kindling/tensor/fail.h>

namespace kindling::keras {
namespace {

using Strings = std::vector<std::string>;

// The arguments of call(), by place, where there is more than one.
std::map<std::string, Strings> all_signatures() {
  const Strings attention = {"inputs", "mask", "training", "return_attention_scores",
                             "use_causal_mask"};
  const Strings dropout = {"inputs", "training"}, masked = {"inputs", "mask"};
  const Strings model = {"inputs", "training", "mask"}, pair = {"x1", "x2"};
  const Strings sequence = {"inputs", "initial_state", "mask", "training"};
  return {{"AdditiveAttention", attention}, {"Attention", attention},
          {"Bidirectional", sequence},      {"Dropout", dropout},
          {"Functional", model},            {"GlobalAveragePooling1D", masked},
          {"GRU", sequence},                {"LogicalAnd", pair},
          {"LogicalOr", pair},              {"LSTM", sequence},
          {"MultiHeadAttention",
           {"query", "value", "key", "query_mask", "value_mask", "key_mask", "attention_mask",
            "return_attention_scores", "training", "use_causal_mask"}},
          {"Sequential", model},            {"SimpleRNN", sequence},
          {"Softmax", masked},              {"SpatialDropout1D", dropout},
          {"TimeDistributed", model}};
}

const Strings& signature(const std::string& class_name) {
  static const std::map<std::string, Strings> all = all_signatures();
  static const Strings any_other = {"inputs"};
  const auto at = all.find(class_name);
  return at != all.end() ? at->second : any_other;
}

bool is_triple(const Config& value) {
  if (!value.is_list()) return false;
  const Config::List& parts = value.as_list("");
  return parts.size() == 3 && parts[0].is_string() && !parts[1].is_list() && !parts[2].is_list() &&
         !parts[1].is_string() && !parts[2].is_string() && !parts[1].is_null();
}

bool is_tensor(const Config& value) {
  return value.is_map() && value["class_name"].is_string() &&
         value["class_name"].as_string("") == "__keras_tensor__";
}

bool holds_tensor(const Config& value) {
  if (value.is_list()) return std::ranges::any_of(value.as_list(""), holds_tensor);
  return is_tensor(value);
}

Config tensor_of(const Config& history) {
  return Config::Map{{"class_name", "__keras_tensor__"},
                     {"config", Config::Map{{"keras_history", history}}}};
}

// With Keras 2's triples as Keras 3 has tensors.
Config with_tensors(const Config& value) {
  if (!value.is_list()) return value;
  if (is_triple(value)) return tensor_of(value);
  Config::List list;
  for (const Config& each : value.as_list("")) list.push_back(with_tensors(each));
  return list;
}

// A call of Keras 2's as Keras 3 writes it.
Config modern(const Config& call, const std::string& what) {
  if (call.is_map() && !is_old_call(call)) return call;
  Config kwargs{Config::Map()};
  const auto tensor = [&](const Config& input) {
    const Config::List& parts = input.as_list(what);
    if (parts.size() < 3 || parts.size() > 4) {
      fail("{}: an input is [layer, call, result, kwargs], got {}", what, input.str());
    }
    if (parts.size() == 4 && !parts[3].is_null()) {
      for (const auto& [key, value] : parts[3].as_map(what)) kwargs.set(key, with_tensors(value));
    }
    return tensor_of(Config::List(parts.begin(), parts.begin() + 3));
  };
  Config given;
  if (call.is_map()) {
    Config::Map by_key;
    for (const auto& [key, input] : call.as_map(what)) by_key.emplace_back(key, tensor(input));
    given = by_key;
  } else {
    Config::List list;
    for (const Config& input : call.as_list(what)) list.push_back(tensor(input));
    given = list.size() == 1 ? list[0] : Config(list);
  }
  return Config::Map{{"args", Config::List{given}}, {"kwargs", kwargs}};
}

Config::Map sorted_by_key(Config::Map map) {
  std::ranges::stable_sort(map, {}, [](const auto& entry) { return entry.first; });
  return map;
}

// What a nested model is given as an object, in the order of its inputs. One that it lacks makes it
// go by the keys' order, as other layers do.
Config by_names(const Config& value, const Strings& inputs) {
  if (!value.is_map() || is_tensor(value) || inputs.empty()) return value;
  Config::List list;
  const Config::Map& map = value.as_map("");
  for (const std::string& name : inputs) {
    const auto at = std::ranges::find(map, name, [](const auto& entry) { return entry.first; });
    if (at == map.end()) return value;
    list.push_back(at->second);
  }
  return list;
}

// The tensors of an argument, nulls among them, with their histories as they should be.
void gather(const Config& value, const Resolve& resolve, Config::List& into,
            const std::string& what) {
  if (value.is_list()) {
    for (const Config& each : value.as_list(what)) gather(each, resolve, into, what);
  } else if (value.is_null()) {
    into.emplace_back();
  } else if (is_tensor(value)) {
    into.push_back(tensor_of(resolve(value["config"]["keras_history"])));
  } else if (value.is_map() && !value["class_name"].is_string()) {
    for (const auto& [key, each] : sorted_by_key(value.as_map(what))) {
      gather(each, resolve, into, what);
    }
  } else {
    fail("{}: a tensor is needed, got {}", what, value.str());
  }
}

Config::List gathered(const Config& value, const Resolve& resolve, const std::string& what) {
  Config::List tensors;
  if (!value.is_null()) gather(value, resolve, tensors, what);
  return tensors;
}

bool all_null(const Config::List& tensors) {
  return std::ranges::all_of(tensors, &Config::is_null);
}

}  // namespace

bool takes_training(const std::string& class_name) {
  return keras_class(class_name) == nullptr ||
         std::ranges::find(signature(class_name), "training") != signature(class_name).end();
}

bool is_old_call(const Config& call) {
  return call.is_list() || (call.is_map() && call["args"].is_null() && call["kwargs"].is_null());
}

Config call_from_keras(const std::string& class_name, const Config& call, const Resolve& resolve,
                       const std::string& what, const Strings& input_names) {
  const Config now = modern(call, what);
  const Strings& names = signature(class_name);
  std::map<std::string, Config> arguments;
  for (std::size_t place = 0; const Config& value : now["args"].as_list(what + ": args")) {
    if (place < names.size()) {
      arguments[names[place]] = value;
    } else if (!value.is_null()) {
      fail("{}: takes {} argument{} by place, got {}", what, names.size(),
           names.size() == 1 ? "" : "s", value.str());
    }
    ++place;
  }
  if (!now["kwargs"].is_null()) {
    for (const auto& [key, value] : now["kwargs"].as_map(what + ": kwargs")) {
      // As some call it.
      const bool first = key == "sequences" || key == "sequence" || key == "x";
      arguments[first ? "inputs" : key] = value;
    }
  }
  const auto taken = [&](const char* name) {
    const auto at = arguments.find(name);
    if (at == arguments.end()) return Config();
    const Config value = at->second;
    arguments.erase(at);
    return value;
  };

  Config::List inputs =
      gathered(by_names(taken(names[0].c_str()), input_names), resolve, what + ": inputs");
  Config::List masks;
  bool masks_count = true;  // else nulls are as good as none
  if (class_name == "MultiHeadAttention") {
    Config::List values = gathered(taken("value"), resolve, what + ": value");
    Config::List keys = gathered(taken("key"), resolve, what + ": key");
    const Config::List pairs = gathered(taken("attention_mask"), resolve, what);
    for (const char* mask : {"query_mask", "value_mask", "key_mask"}) {
      const Config::List given = gathered(taken(mask), resolve, what);
      masks.push_back(given.empty() ? Config() : given[0]);
    }
    if (keys.empty() && (!pairs.empty() || !masks[2].is_null())) keys = values;
    for (const Config::List& more : {values, keys, pairs}) {
      inputs.insert(inputs.end(), more.begin(), more.end());
    }
    masks_count = false;
  } else if (names[0] == "x1") {
    const Config::List second = gathered(taken("x2"), resolve, what + ": x2");
    inputs.insert(inputs.end(), second.begin(), second.end());
  } else {
    const Config::List states = gathered(taken("initial_state"), resolve, what);
    inputs.insert(inputs.end(), states.begin(), states.end());
    masks = gathered(by_names(taken("mask"), input_names), resolve, what + ": mask");
    // With states given, Keras does not look at the mask that the sequence carries.
    if (!states.empty() && masks.empty()) masks.emplace_back();
    masks_count = !states.empty();
  }
  Config kwargs{Config::Map()};
  if (!masks.empty() && (masks_count || !all_null(masks))) {
    while (masks.size() > inputs.size() && masks.back().is_null()) masks.pop_back();
    kwargs.set("mask", masks);
  }
  for (const auto& [key, value] : arguments) {
    const bool as_ever = value.is_null() || (value.str() == "false" && key != "training");
    if (as_ever) continue;
    if (holds_tensor(value)) fail("{}: {} as a tensor is not supported", what, key);
    kwargs.set(key, value);
  }
  if (all_null(inputs)) fail("{}: has no input", what);
  return Config::Map{{"args", Config::List{inputs}}, {"kwargs", kwargs}};
}

Config::List constants_of(const Config& call, const std::string& what) {
  Config::List constants;
  const Config now = modern(call, what);
  for (const Config& value : now["args"].as_list(what + ": args")) {
    if (!holds_tensor(value)) constants.push_back(value);
  }
  return constants;
}

Config::List flattened_triples(const Config& ends, const std::string& what) {
  if (is_triple(ends)) return {ends};
  Config::List all;
  const auto add = [&](const Config& part) {
    const Config::List inside = flattened_triples(part, what);
    all.insert(all.end(), inside.begin(), inside.end());
  };
  if (ends.is_map()) {
    for (const auto& [key, part] : sorted_by_key(ends.as_map(what))) add(part);
  } else {
    for (const Config& part : ends.as_list(what)) add(part);
  }
  return all;
}

}  // namespace kindling::keras
