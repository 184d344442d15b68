#include <kindling/io/state_file.h>

#include <bit>
#include <cmath>
#include <map>

#include <kindling/io/in_file.h>
#include <kindling/io/json.h>
#include <kindling/io/safetensors.h>
#include <kindling/layers/config_value.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr const char* state_key = "kindling state";
// Logs of many epochs are long.
constexpr std::size_t most_state_values = std::size_t{1} << 22;

// JSON knows neither tensors nor numbers that aren't finite: {"/tensor": its path}, and
// {"/bits": a double's}. No name of a layer or weight begins so.
Config without_tensors(const Config& state, const std::string& path, NamedTensors& tensors) {
  const Config::Value& value = state.value();
  if (const auto* tensor = std::get_if<Tensor>(&value)) {
    tensors.emplace_back(path, *tensor);
    return Config::Map{{"/tensor", path}};
  }
  if (const auto* number = std::get_if<double>(&value); number && !std::isfinite(*number)) {
    return Config::Map{{"/bits", std::bit_cast<std::int64_t>(*number)}};
  }
  const auto inside = [&](const std::string& name) {
    return path.empty() ? name : path + "/" + name;
  };
  if (state.is_list()) {
    Config::List list;
    for (const Config& each : state.as_list(path)) {
      list.push_back(without_tensors(each, inside(std::to_string(list.size())), tensors));
    }
    return list;
  }
  if (!state.is_map()) return state;
  Config::Map map;
  for (const auto& [key, each] : state.as_map(path)) {
    map.emplace_back(key, without_tensors(each, inside(key), tensors));
  }
  return map;
}

Config with_tensors(const Config& state, const std::map<std::string, Tensor>& tensors,
                    const std::string& file) {
  const auto inside = [&](const Config& each) { return with_tensors(each, tensors, file); };
  if (state.is_list()) {
    Config::List list;
    for (const Config& each : state.as_list(file)) list.push_back(inside(each));
    return list;
  }
  if (!state.is_map()) return state;
  const Config::Map& entries = state.as_map(file);
  if (entries.size() == 1 && entries[0].first == "/tensor") {
    const auto found = tensors.find(entries[0].second.as_string(file));
    if (found != tensors.end()) return found->second;
    fail("{}: has no tensor {}", file, in_quotes(entries[0].second.as_string(file)));
  }
  if (entries.size() == 1 && entries[0].first == "/bits") {
    return std::bit_cast<double>(entries[0].second.as_int(file));
  }
  Config::Map map;
  for (const auto& [key, each] : entries) map.emplace_back(key, inside(each));
  return map;
}

// Fails on what read_state would refuse.
std::string json_of(const std::string& path, const Config& state, NamedTensors& tensors) {
  return errors_at(path, [&] {
    return to_json(without_tensors(state, "", tensors), -1, most_state_values);
  });
}

}  // namespace

void check_state(const std::string& path, const Config& state) {
  NamedTensors tensors;
  json_of(path, state, tensors);
}

void write_state(const std::string& path, const Config& state) {
  NamedTensors tensors;
  const std::string json = json_of(path, state, tensors);
  write_safetensors(path, tensors, {{state_key, json}});
}

Config read_state(const std::string& path) {
  const TensorFile file = read_safetensors(path);
  const auto rest = file.metadata.find(state_key);
  if (rest == file.metadata.end()) fail("{}: holds tensors, but no state of a run", path);
  return in_file(path, [&] {
    return with_tensors(parse_json(rest->second, path + ": state", most_state_values),
                        {file.tensors.begin(), file.tensors.end()}, path);
  });
}

}  // namespace kindling
