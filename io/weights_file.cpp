#include <kindling/io/weights_file.h>

#include <algorithm>
#include <map>
#include <set>

#include <kindling/tensor/fail.h>

namespace kindling {

void check_weights(const Weights& weights, const std::vector<GivenWeight>& given,
                   const std::string& who) {
  std::map<std::string, const GivenWeight*> by_name;
  for (const GivenWeight& g : given) by_name[g.name] = &g;
  std::string missing, extra, wrong;
  const auto add = [](std::string& list, const std::string& item) {
    list += (list.empty() ? "" : ", ") + item;
  };
  std::set<std::string> wanted;
  for (const Weight& w : weights) {
    wanted.insert(w.name);
    const auto at = by_name.find(w.name);
    if (at == by_name.end()) {
      add(missing, w.name);
      continue;
    }
    const GivenWeight& g = *at->second;
    if (g.shape != w.value.shape() || g.dtype != w.value.dtype()) {
      add(wrong, fmt::format("{} is {} {}, not {} {}", w.name, name(g.dtype), g.shape.str(),
                             name(w.value.dtype()), w.value.shape().str()));
    }
  }
  for (const GivenWeight& g : given) {
    if (!wanted.contains(g.name)) add(extra, g.name);
  }
  if (missing.empty() && extra.empty() && wrong.empty()) return;
  std::string text = who + ": does not fit the model";
  if (!missing.empty()) text += "; missing: " + missing;
  if (!extra.empty()) text += "; extra: " + extra;
  if (!wrong.empty()) text += "; wrong shape: " + wrong;
  throw Error(text);
}

void copy_weights(const Weights& weights, const std::function<Tensor(std::size_t)>& read) {
  Tensors values;
  for (std::size_t i = 0; i < weights.size(); ++i) values.push_back(read(i));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    Tensor value = weights[i].value;
    std::ranges::copy(values[i].floats(), value.mutable_floats().begin());
  }
}

void assign_weights(const Weights& weights, const NamedTensors& tensors, const std::string& who) {
  const std::map<std::string, Tensor> given(tensors.begin(), tensors.end());
  std::vector<GivenWeight> shapes;
  for (const auto& [name, t] : tensors) shapes.push_back({name, t.shape(), t.dtype()});
  check_weights(weights, shapes, who);
  copy_weights(weights, [&](std::size_t i) { return given.at(weights[i].name); });
}

NamedTensors named_tensors(const Weights& weights) {
  NamedTensors tensors;
  for (const Weight& w : weights) tensors.emplace_back(w.name, w.value);
  return tensors;
}

void save_weights(const Weights& weights, const std::string& path) {
  write_safetensors(path, named_tensors(weights));
}

void load_weights(const Weights& weights, const std::string& path) {
  assign_weights(weights, read_safetensors(path).tensors, path);
}

}  // namespace kindling
