#include <kindling/io/archives/keras.h>

#include <chrono>
#include <ctime>

#include <kindling/io/archives/hdf5.h>
#include <kindling/io/archives/keras_config.h>
#include <kindling/io/archives/keras_graph.h>
#include <kindling/io/archives/keras_legacy.h>
#include <kindling/io/archives/keras_objects.h>
#include <kindling/io/archives/keras_variables.h>
#include <kindling/io/archives/keras_write.h>
#include <kindling/io/archives/zip.h>
#include <kindling/io/file.h>
#include <kindling/io/in_file.h>
#include <kindling/layers/functional_config.h>
#include <kindling/io/json.h>
#include <kindling/layers/functional.h>
#include <kindling/layers/weights_to_come.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

const std::string config_member = "config.json";
const std::string metadata_member = "metadata.json";
const std::string weights_member = "model.weights.h5";
// Keras doesn't look at it: the model as it is, where config.json has nested models written out.
const std::string own_member = "kindling.json";

// Of a config; a layer has 50 to 100. Members may be deflated, so that their text bounds nothing.
constexpr std::size_t most_values = std::size_t{1} << 20;

// The model of what graph_from_keras() made, its weights to be filled from a file.
KerasModel model_of(const Config& graph, const hdf5::File& weights, const std::string& what) {
  const detail::WeightsToCome scope(weights.elements());
  KerasModel read{functional_from_config(graph["config"], what,
                                         graph["class_name"].as_string(what) == "Sequential")};
  for (const std::string& why : scope.left_out()) read.left_out.push_back(what + ": " + why);
  return read;
}

// Those of the model, by the names it has for them.
Weights named(const Layer& model, const std::vector<keras::Variables>& variables) {
  const Weights all = model.impl()->weights_inside();
  Weights ordered;
  for (const keras::Variables& group : variables) {
    for (const Weight& w : group.weights) {
      for (const Weight& of_model : all) {
        if (!of_model.value.same_memory(w.value)) continue;
        ordered.push_back(of_model);
        break;
      }
    }
  }
  return ordered;
}

std::string now() {
  const std::time_t time = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm local = {};
  localtime_r(&time, &local);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d@%H:%M:%S", &local)};
}

std::string weights_bytes(const std::vector<keras::Variables>& variables,
                          const KerasTraining& training) {
  hdf5::Writer file;
  keras::write_variables(file, variables);
  if (training.optimizer.empty()) return file.bytes();
  const std::string vars = "optimizer/vars";
  file.group(vars, training.optimizer);
  file.dataset(vars + "/0", training.iterations);
  for (std::size_t i = 0; i < training.variables.size(); ++i) {
    file.dataset(vars + "/" + std::to_string(i + 1), training.variables[i]);
  }
  return file.bytes();
}

void read_optimizer(const hdf5::File& file, KerasTraining& training) {
  const std::string inner = "optimizer/inner_optimizer/vars";  // of a LossScaleOptimizer
  const std::string vars = file.has_group(inner) ? inner : "optimizer/vars";
  if (!file.has_group(vars)) return;
  const Config name = file.attribute(vars, "name");
  training.optimizer = name.is_string() ? name.as_string(file.name()) : "optimizer";
  for (std::size_t i = 0;; ++i) {
    const std::string path = vars + "/" + std::to_string(i);
    if (!file.datasets().contains(path)) break;
    const Tensor value = file.read(path);
    if (i > 0) {
      training.variables.push_back(value);
    } else if (value.dtype() != DType::int32 || value.elements() != 1) {
      fail("{}: {} is the number of steps, got {} {}", file.name(), in_quotes(path),
           kindling::name(value.dtype()), value.shape().str());
    } else if (training.iterations = value.ints()[0]; training.iterations < 0) {
      fail("{}: {} is the number of steps, got {}", file.name(), in_quotes(path),
           training.iterations);
    }
  }
}

KerasModel parse_archive(std::string_view bytes, const std::string& name) {
  const ZipReader zip(bytes, name);
  const std::string config_name = name + ": " + config_member;
  const Config object = parse_json(zip.read(config_member), config_name, most_values);
  const Config metadata = zip.contains(metadata_member)
                              ? parse_json(zip.read(metadata_member),
                                           name + ": " + metadata_member, most_values)
                              : Config();
  const Config& version = metadata["keras_version"];
  const std::string written_by =
      version.is_string() ? version.as_string(name) : keras::written_version;
  const bool own = zip.contains(own_member);
  const Config graph =
      own ? parse_json(zip.read(own_member), name + ": " + own_member, most_values)
          : keras::graph_from_keras(object, config_name, written_by);
  const hdf5::File weights(zip.read(weights_member), name + ": " + weights_member);
  KerasModel read = model_of(graph, weights, config_name);
  const auto variables = keras::variables_of(read.model, own ? nullptr : &graph["config"]);
  keras::load_variables(weights, variables);
  read.weights = named(read.model, variables);
  read.training.compile_config = object["compile_config"];
  read_optimizer(weights, read.training);
  if (version.is_string()) read.keras_version = written_by;
  return read;
}

KerasModel parse_legacy(std::string_view bytes, const std::string& name) {
  const hdf5::File file(std::string(bytes), name);
  const Config graph = keras::legacy_graph(file);
  KerasModel read = model_of(graph, file, name + ": model_config");
  keras::load_legacy_weights(file, "model_weights", read.model, &graph["config"]);
  read.weights = named(read.model, keras::variables_of(read.model, &graph["config"]));
  const Config version = file.attribute("", "keras_version");
  if (version.is_string()) read.keras_version = version.as_string(name);
  return read;
}

bool is_zip(std::string_view bytes) { return bytes.starts_with("PK"); }

}  // namespace

KerasModel parse_keras(std::string_view bytes, const std::string& name) {
  if (is_zip(bytes)) return parse_archive(bytes, name);
  if (!bytes.starts_with("\x89HDF")) {
    fail("{}: is neither an archive of Keras 3, which is a zip file, nor an .h5 of Keras 2, it "
         "starts with {}", name, in_quotes(bytes.substr(0, 4)));
  }
  return parse_legacy(bytes, name);
}

KerasModel read_keras(const std::string& path) {
  return in_file(path, [&] { return parse_keras(read_file(path), path); });
}

std::string keras_bytes(const Layer& model, const KerasTraining& training,
                        const std::string& date) {
  const Config config = keras::model_to_keras(
      model, training.compile_config.is_null() ? Config(Config::Map()) : training.compile_config);
  const Config metadata = Config::Map{{"keras_version", keras::written_version},
                                      {"date_saved", date.empty() ? now() : date}};
  ZipWriter zip(model.name());
  zip.add(metadata_member, to_json(metadata, -1));
  zip.add(config_member, to_json(config, -1));
  zip.add(weights_member, weights_bytes(keras::variables_of(model), training));
  const auto& graph = static_cast<const FunctionalImpl&>(*model.impl());
  if (keras::writes_out(graph)) {
    zip.add(own_member, to_json(Config::Map{{"class_name", model.class_name()},
                                            {"config", model.config()}}, -1));
  }
  return zip.bytes();
}

void load_keras_weights(const Layer& model, const std::string& path) {
  std::string bytes = read_file(path);
  if (is_zip(bytes)) bytes = ZipReader(std::move(bytes), path).read(weights_member);
  const hdf5::File file(std::move(bytes), path);
  for (const char* group : {"", "model_weights"}) {
    if (keras::is_legacy(file, group)) return keras::load_legacy_weights(file, group, model);
  }
  // Keras's own weights of a model with nested ones, some of whose layers stand in several.
  const std::vector<keras::Variables> nested = keras::variables_of(model, nullptr, false);
  keras::load_variables(file, keras::has_all(file, nested) ? nested : keras::variables_of(model));
}

void save_keras_weights(const Layer& model, const std::string& path,
                        const KerasTraining& training) {
  write_file(path, weights_bytes(keras::variables_of(model), training));
}

Config objects_from_keras(const Config& value, const std::string& what) {
  return keras::value_from_keras(value, what);
}

Weights in_keras_order(const Layer& model) { return named(model, keras::variables_of(model)); }

}  // namespace kindling
