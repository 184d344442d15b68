#include <kindling/train/keras.h>

#include <filesystem>

#include <kindling/io/archives/keras.h>
#include <kindling/io/file.h>
#include <kindling/io/model_folder.h>
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

// Keras wants losses by name for all outputs, null for those without, and their weights as the
// losses are, by name or by place.
void complete_for_keras(Config& config, const std::vector<std::string>& outputs) {
  const Config losses = config["loss"], weights = config["loss_weights"];
  const bool by_name = losses.is_map() && losses["class_name"].is_null();
  Config::Map named_losses, named_weights;
  Config::List placed_weights;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Config given = weights.is_list() ? weights.as_list("")[i] : weights[outputs[i]];
    placed_weights.push_back(given.is_null() ? Config(1.0) : given);
    named_weights.emplace_back(outputs[i], placed_weights.back());
    named_losses.emplace_back(outputs[i], losses[outputs[i]]);
  }
  if (by_name) config.set("loss", named_losses);
  if (!weights.is_null()) {
    config.set("loss_weights", by_name ? Config(named_weights) : Config(placed_weights));
  }
}

void check_no_folder(const std::string& path) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) {
    fail("{}: is a folder, and a Keras archive is a file; use another name", path);
  }
}

}  // namespace

Model load_keras(const std::string& path, const LoadKerasOptions& options) {
  check_no_folder(path);
  const KerasModel read = read_keras(path);
  Model model(read.model);
  std::vector<std::string> left = read.left_out;
  const auto say_what_is_left = [&] {
    if (options.left_out != nullptr) {
      *options.left_out = left;
    } else {
      for (const std::string& why : left) warn(why + "; it is left out");
    }
  };
  const Config& config = read.training.compile_config;
  if (!options.compile || !config.is_map() || config["optimizer"].is_null()) {
    say_what_is_left();
    return model;
  }
  const std::string what = path + ": compile_config";
  KerasCompile parts = compile_from_keras(config, outputs_of(model), what);
  // Runs f(), whose Error says why something is left out.
  const auto try_to = [&](std::string& why, const std::string& of, const auto& f) {
    try {
      if (why.empty()) f();
    } catch (const Error& error) {
      const std::string text = error.what();
      why = text.starts_with(path) ? text : of + ": " + text;
    }
  };
  try_to(parts.no_loss, what, [&] { model.compile(parts.options); });
  try_to(parts.no_optimizer, path + ": optimizer", [&] {
    if (read.training.optimizer.empty()) return;  // it has no state
    optimizer_from_keras(parts.options.optimizer, read.training, read.weights, model.weights(),
                         path + ": optimizer");
  });
  *model.left_out_ = {parts.no_optimizer, parts.no_loss};
  left.insert(left.end(), parts.no_metrics.begin(), parts.no_metrics.end());
  for (const std::string& why : {parts.no_loss, parts.no_optimizer}) {
    if (!why.empty()) left.push_back(why);
  }
  say_what_is_left();
  return model;
}

std::string keras_archive(const Model& model, const SaveKerasOptions& options) {
  KerasTraining training;
  if (const CompileOptions* compiled = model.compile_options();
      compiled != nullptr && options.include_optimizer) {
    training = optimizer_to_keras(compiled->optimizer, in_keras_order(model));
    training.compile_config = compile_options_to_keras(*compiled);
    if (model.functional() != nullptr) {
      complete_for_keras(training.compile_config, model.output_names());
    }
  }
  return keras_bytes(model, training, options.date_saved);
}

void save_keras(const Model& model, const std::string& path, const SaveKerasOptions& options) {
  check_no_folder(path);
  if (has_ending_of_file(path) && !path.ends_with(".keras")) {
    fail("{}: a Keras archive's name ends in .keras", path);
  }
  write_file(path, keras_archive(model, options));
}

}  // namespace kindling
