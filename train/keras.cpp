#include <kindling/train/keras.h>

#include <kindling/io/archives/keras.h>
#include <kindling/io/file.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/keras_compile.h>
#include <kindling/train/keras_optimizer.h>

namespace kindling {
namespace {

std::vector<KerasOutput> outputs_of(const Model& model) {
  std::vector<KerasOutput> outputs;
  const std::vector<std::string> names = model.output_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    outputs.push_back({names[i], model.functional()->outputs()[i].shape()});
  }
  return outputs;
}

void compile(Model& model, const KerasModel& read, const std::string& path) {
  const Config& config = read.training.compile_config;
  if (!config.is_map() || config["optimizer"].is_null()) return;
  const std::string what = path + ": compile_config";
  try {
    const CompileOptions options = compile_options_from_keras(config, outputs_of(model), what);
    model.compile(options);
    if (read.training.optimizer.empty()) return;  // it has no state
    optimizer_from_keras(options.optimizer, read.training, read.weights, model.weights(),
                         path + ": optimizer");
  } catch (const Error& error) {
    const std::string text = error.what();
    throw Error((text.starts_with(path) ? text : what + ": " + text) +
                "; .compile = false loads the model without");
  }
}

}  // namespace

Model load_keras(const std::string& path, const LoadKerasOptions& options) {
  const KerasModel read = read_keras(path);
  Model model(read.model);
  if (options.compile) compile(model, read, path);
  return model;
}

void save_keras(const Model& model, const std::string& path, const SaveKerasOptions& options) {
  KerasTraining training;
  if (const CompileOptions* compiled = model.compile_options();
      compiled != nullptr && options.include_optimizer) {
    training = optimizer_to_keras(compiled->optimizer, in_keras_order(model));
    training.compile_config = compile_options_to_keras(*compiled);
  }
  write_file(path, keras_bytes(model, training, options.date_saved));
}

}  // namespace kindling
