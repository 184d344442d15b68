#include <kindling/io/weights_file.h>

#include <algorithm>
#include <map>
#include <set>

#include <kindling/tensor/fail.h>

namespace kindling {

void assign_weights(const Weights& weights, const NamedTensors& tensors, const std::string& who) {
  const std::map<std::string, Tensor> given(tensors.begin(), tensors.end());
  std::string missing, extra, wrong;
  const auto add = [](std::string& list, const std::string& item) {
    list += (list.empty() ? "" : ", ") + item;
  };
  std::set<std::string> wanted;
  for (const Weight& w : weights) {
    wanted.insert(w.name);
    const auto at = given.find(w.name);
    if (at == given.end()) {
      add(missing, w.name);
      continue;
    }
    const Tensor& t = at->second;
    if (t.shape() != w.value.shape() || t.dtype() != w.value.dtype()) {
      add(wrong, fmt::format("{} is {} {}, not {} {}", w.name, name(t.dtype()), t.shape().str(),
                             name(w.value.dtype()), w.value.shape().str()));
    }
  }
  for (const auto& [name, tensor] : tensors) {
    if (!wanted.contains(name)) add(extra, name);
  }
  if (!missing.empty() || !extra.empty() || !wrong.empty()) {
    std::string text = who + ": does not fit the model";
    if (!missing.empty()) text += "; missing: " + missing;
    if (!extra.empty()) text += "; extra: " + extra;
    if (!wrong.empty()) text += "; wrong shape: " + wrong;
    throw Error(text);
  }
  for (const Weight& w : weights) {
    Tensor value = w.value;
    std::ranges::copy(given.at(w.name).floats(), value.mutable_floats().begin());
  }
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
