#include <algorithm>
#include <array>

#include <kindling/tensor/fail.h>
#include <kindling/train/keras_compile.h>
#include <kindling/train/keras_names.h>

namespace kindling {
namespace {

// An object of a kind that stands in `module`. Who loads one of the user's own in Keras has a class
// of that name.
Config object(const std::string& module, const std::string& class_name, const Config& options) {
  const bool known = module.ends_with("schedules") || is_of_keras(class_name);
  if (is_ours_alone(class_name)) {
    fail("{}: Keras has no such class; another one can be saved, or the model alone with "
         ".include_optimizer = false", class_name);
  }
  return Config::Map{{"module", known ? Config(module) : Config()},
                     {"class_name", class_name},
                     {"config", options},
                     {"registered_name", known ? Config() : Config(class_name)}};
}

Config loss_to_keras(const Loss& loss) {
  Config::Map options;
  const Config ours = loss.config();
  for (const auto& [key, value] : ours.as_map(loss.name())) {
    const bool usual = key == "axis" && loss.class_name() == "SparseCategoricalCrossentropy" &&
                       value.str() == "-1";  // which Keras has only lately
    if (!usual) options.emplace_back(key, value);
  }
  return object("keras.losses", loss.class_name(), options);
}

// Which options of a loss its metric in Keras lacks.
bool metric_lacks(const std::string& class_name, const std::string& option) {
  const bool counts = class_name.starts_with("True") || class_name.starts_with("False");
  return (class_name == "BinaryCrossentropy" && option == "axis") ||
         (class_name == "SparseCategoricalCrossentropy" && option == "ignore_class") ||
         (counts && (option == "top_k" || option == "class_id")) || option == "over_all";
}

// Those that Keras has, but that its compile() can't use: they are updated with one tensor.
bool is_of_values(const std::string& class_name) {
  return class_name == "Mean" || class_name == "Sum";
}

// Losses that are metrics here, but no classes of Keras's metrics.
bool is_loss_alone(const std::string& class_name) {
  constexpr std::array all = {"BinaryFocalCrossentropy", "CategoricalFocalCrossentropy", "Dice",
                              "Huber", "LogCosh", "Tversky"};
  return std::ranges::find(all, class_name) != all.end();
}

Config metric_to_keras(const Metric& metric) {
  const std::string& class_name = metric.class_name();
  if (is_loss_alone(class_name) || is_of_values(class_name)) {
    fail("{}: is no metric that Keras's compile() takes; without it, the model can be saved, or it "
         "alone with .include_optimizer = false", metric.impl()->who());
  }
  Config options = Config::Map{{"name", metric.name()}, {"dtype", "float32"}};
  const Config ours = metric.config();
  for (const auto& [key, value] : ours.as_map(metric.name())) {
    if (key == "name") continue;
    if (!metric_lacks(class_name, key)) {
      options.set(key, value);
    } else if (!value.is_null() && value.str() != "false" && value.str() != "-1") {
      fail("{}: Keras's metric has no {}; without it, it can be saved, or the model alone with "
           ".include_optimizer = false", metric.impl()->who(), key);
    }
  }
  if (class_name == "AUC") {
    options.set("num_labels", {});
    options.set("label_weights", {});
  }
  return object("keras.metrics", class_name, options);
}

Config losses_to_keras(const OutputLosses& losses) {
  const auto& entries = losses.entries;
  if (!entries.empty() && !entries[0].first.empty()) {
    Config::Map by_name;
    for (const auto& [name, loss] : entries) by_name.emplace_back(name, loss_to_keras(loss));
    return by_name;
  }
  Config::List by_place;
  for (const auto& [name, loss] : entries) by_place.push_back(loss_to_keras(loss));
  return by_place.size() == 1 ? by_place[0] : Config(by_place);
}

Config weights_to_keras(const LossWeights& weights) {
  Config::Map by_name;
  Config::List by_place;
  for (const auto& [name, weight] : weights.entries) {
    if (name.empty()) by_place.emplace_back(weight);
    else by_name.emplace_back(name, weight);
  }
  if (!by_name.empty()) return by_name;
  return by_place.empty() ? Config() : Config(by_place);
}

Config metrics_to_keras(const OutputMetrics& metrics) {
  Config::Map by_name;
  for (const auto& [name, all] : metrics.entries) {
    Config::List list;
    for (const Metric& metric : all) list.push_back(metric_to_keras(metric));
    if (list.empty()) continue;
    if (name.empty()) return list;
    by_name.emplace_back(name, list);
  }
  return by_name.empty() ? Config() : Config(by_name);
}

Config rate_to_keras(const Config& rate) {
  if (!rate.is_map()) return rate;
  return object("keras.optimizers.schedules", rate["class_name"].as_string("learning_rate"),
                rate["config"]);
}

// In the order of Keras; what it has and we don't is none.
Config optimizer_to_keras(const Optimizer& optimizer) {
  constexpr std::array first = {"name",      "learning_rate",   "weight_decay",
                                "clipnorm",  "global_clipnorm", "clipvalue",
                                "use_ema",   "ema_momentum",    "ema_overwrite_frequency",
                                "loss_scale_factor", "gradient_accumulation_steps"};
  const Config ours = optimizer.config();
  Config options{Config::Map()};
  for (const char* key : first) {
    options.set(key, std::string(key) == "learning_rate" ? rate_to_keras(ours[key]) : ours[key]);
  }
  for (const auto& [key, value] : ours.as_map(optimizer.class_name())) {
    if (options[key].is_null() && std::ranges::find(first, key) == first.end()) {
      options.set(key, value);
    }
  }
  return object("keras.optimizers", optimizer.class_name(), options);
}

}  // namespace

Config compile_options_to_keras(const CompileOptions& options) {
  return Config::Map{{"optimizer", optimizer_to_keras(options.optimizer)},
                     {"loss", losses_to_keras(options.loss)},
                     {"loss_weights", weights_to_keras(options.loss_weights)},
                     {"metrics", metrics_to_keras(options.metrics)},
                     {"weighted_metrics", metrics_to_keras(options.weighted_metrics)},
                     {"run_eagerly", false},
                     {"steps_per_execution", 1},
                     {"jit_compile", false}};
}

}  // namespace kindling
