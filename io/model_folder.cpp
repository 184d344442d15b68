#include <kindling/io/model_folder.h>

#include <algorithm>
#include <set>

#include <kindling/io/file.h>
#include <kindling/io/functional_config.h>
#include <kindling/io/json.h>
#include <kindling/io/safetensors.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

constexpr const char* format = "kindling model";
constexpr std::int64_t version = 1;
constexpr const char* architecture_file = "model.json";
constexpr const char* weights_file = "weights.safetensors";

// Copies the file's tensors into the weights, all or none.
void load_weights(const Weights& weights, const TensorFile& file, const std::string& path) {
  std::string missing, extra, wrong;
  const auto add = [](std::string& list, const std::string& item) {
    list += (list.empty() ? "" : ", ") + item;
  };
  std::set<std::string> wanted;
  for (const Weight& w : weights) {
    wanted.insert(w.name);
    if (!file.contains(w.name)) {
      add(missing, w.name);
      continue;
    }
    const Tensor& t = file.at(w.name);
    if (t.shape() != w.value.shape() || t.dtype() != w.value.dtype()) {
      add(wrong, fmt::format("{} is {} {}, not {} {}", w.name, name(t.dtype()), t.shape().str(),
                             name(w.value.dtype()), w.value.shape().str()));
    }
  }
  for (const auto& [name, tensor] : file.tensors) {
    if (!wanted.contains(name)) add(extra, name);
  }
  if (!missing.empty() || !extra.empty() || !wrong.empty()) {
    std::string text = path + ": does not fit the model";
    if (!missing.empty()) text += "; missing: " + missing;
    if (!extra.empty()) text += "; extra: " + extra;
    if (!wrong.empty()) text += "; wrong shape: " + wrong;
    throw Error(text);
  }
  for (const Weight& w : weights) {
    Tensor value = w.value;
    std::ranges::copy(file.at(w.name).floats(), value.mutable_floats().begin());
  }
}

}  // namespace

void save_model_folder(const Layer& functional, const std::string& folder,
                       const std::map<std::string, std::string>& files) {
  const Functional model = Functional::of(functional);
  const auto& impl = static_cast<const FunctionalImpl&>(*model.impl());
  const Config config = Config::Map{{"format", format},
                                    {"version", version},
                                    {"class_name", "Functional"},
                                    {"config", functional_config(impl)}};
  std::vector<std::pair<std::string, Tensor>> tensors;
  for (const Weight& w : impl.weights_inside()) tensors.emplace_back(w.name, w.value);
  FolderWriter writer(folder);
  writer.write(architecture_file, to_json(config) + "\n");
  writer.write(weights_file, safetensors_bytes(tensors));
  for (const auto& [name, content] : files) writer.write(name, content);
  writer.commit();
}

void check_can_save_model_folder(const std::string& folder, std::vector<std::string> files) {
  files.insert(files.end(), {architecture_file, weights_file});
  check_can_save_folder(folder, files);
}

Functional load_model_folder(const std::string& folder) {
  const std::string json = folder + "/" + architecture_file, weights = folder + "/" + weights_file;
  const Config config = parse_json(read_file(json), json);
  if (!config["format"].is_string() || config["format"].as_string(json) != format) {
    fail("{}: is no {}, its \"format\" is {}", json, format, config["format"].str());
  }
  if (config["version"].as_int(json + ": version") != version) {
    fail("{}: version {} is not supported, only {}", json, config["version"].str(), version);
  }
  const Functional model = functional_from_config(config["config"], json);
  load_weights(model.impl()->weights_inside(), read_safetensors(weights), weights);
  return model;
}

}  // namespace kindling
