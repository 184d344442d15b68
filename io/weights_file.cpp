#include <kindling/io/weights_file.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

bool has_bits_of(const Tensor& a, const Tensor& b) {
  return std::ranges::equal(std::as_bytes(a.floats()), std::as_bytes(b.floats()));
}

}  // namespace

void check_weights(const Weights& weights, const std::vector<GivenWeight>& given,
                   const std::string& who) {
  std::map<std::string, const GivenWeight*> by_name;
  for (const GivenWeight& g : given) by_name[g.name] = &g;
  std::string missing, extra, wrong;
  const auto add = [](std::string& list, const std::string& item) {
    list += (list.empty() ? "" : ", ") + item;
  };
  std::set<std::string> wanted;
  // Whether there is one of this name; it must have the weight's shape.
  const auto given_as = [&](const std::string& name, const Tensor& value) {
    wanted.insert(name);
    const auto at = by_name.find(name);
    if (at == by_name.end()) return false;
    const GivenWeight& g = *at->second;
    if (g.shape != value.shape() || g.dtype != value.dtype()) {
      add(wrong, fmt::format("{} is {} {}, not {} {}", name, kindling::name(g.dtype), g.shape.str(),
                             kindling::name(value.dtype()), value.shape().str()));
    }
    return true;
  };
  for (const Weight& w : weights) {
    if (!given_as(w.name, w.value)) add(missing, w.name);
    for (const std::string& alias : w.aliases) given_as(alias, w.value);
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
  for (const Weight& w : weights) {
    for (const std::string& alias : w.aliases) {
      const auto at = given.find(alias);
      if (at == given.end() || has_bits_of(at->second, given.at(w.name))) continue;
      fail("{}: \"{}\" and \"{}\" are one weight here, of a layer that stands in several places, "
           "and have different numbers", who, w.name, alias);
    }
  }
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
