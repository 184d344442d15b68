#include <kindling/io/archives/keras_calls.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include <kindling/tensor/fail.h>

namespace kindling::keras {
namespace {

using Strings = std::vector<std::string>;

const Strings recurrent = {"LSTM", "GRU", "SimpleRNN", "Bidirectional"};

// The arguments of call(), by place.
const Strings& signature(const std::string& class_name) {
  static const Strings attention = {"query",      "value",          "key",
                                    "query_mask", "value_mask",     "key_mask",
                                    "attention_mask", "return_attention_scores", "training",
                                    "use_causal_mask"};
  static const Strings sequence = {"inputs", "initial_state", "mask", "training"};
  static const Strings pair = {"x1", "x2"};
  static const Strings any_other = {"inputs"};
  if (class_name == "MultiHeadAttention") return attention;
  if (class_name == "LogicalAnd" || class_name == "LogicalOr") return pair;
  return std::ranges::find(recurrent, class_name) != recurrent.end() ? sequence : any_other;
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

// Keras 2 writes a call as the list of its inputs, [layer, call, result, kwargs]; as Keras 3 does.
Config modern(const Config& call, const std::string& what) {
  if (call.is_map()) return call;
  Config::List tensors;
  Config kwargs{Config::Map()};
  for (const Config& input : call.as_list(what)) {
    const Config::List& parts = input.as_list(what);
    if (parts.size() < 3 || parts.size() > 4) {
      fail("{}: an input is [layer, call, result, kwargs], got {}", what, input.str());
    }
    tensors.push_back(tensor_of(Config::List(parts.begin(), parts.begin() + 3)));
    if (parts.size() < 4 || parts[3].is_null()) continue;
    for (const auto& [key, value] : parts[3].as_map(what)) {
      kwargs.set(key, with_tensors(value));
    }
  }
  return Config::Map{
      {"args", Config::List{tensors.size() == 1 ? tensors[0] : Config(tensors)}},
      {"kwargs", kwargs}};
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

Config call_from_keras(const std::string& class_name, const Config& call, const Resolve& resolve,
                       const std::string& what) {
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

  Config::List inputs = gathered(taken(names[0].c_str()), resolve, what + ": inputs");
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
  } else if (names.size() == 2) {
    const Config::List second = gathered(taken(names[1].c_str()), resolve, what + ": x2");
    inputs.insert(inputs.end(), second.begin(), second.end());
  } else {
    const Config::List states = gathered(taken("initial_state"), resolve, what);
    inputs.insert(inputs.end(), states.begin(), states.end());
    masks = gathered(taken("mask"), resolve, what + ": mask");
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
    // A call outside training says so in some versions, which fit() doesn't go by.
    const bool as_ever = value.is_null() || value.str() == "false";
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
    Config::Map sorted = ends.as_map(what);
    std::ranges::stable_sort(sorted, {}, [](const auto& entry) { return entry.first; });
    for (const auto& [key, part] : sorted) add(part);
  } else {
    for (const Config& part : ends.as_list(what)) add(part);
  }
  return all;
}

}  // namespace kindling::keras
