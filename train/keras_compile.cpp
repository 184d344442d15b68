#include <kindling/train/keras_compile.h>

#include <algorithm>
#include <utility>

#include <kindling/io/archives/keras.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/keras_names.h>
#include <kindling/train/losses.h>
#include <kindling/train/metrics.h>

namespace kindling {
namespace {

using Outputs = std::vector<KerasOutput>;

// An object's options that are set, without the function that it wraps.
Config options_of_object(const Config& config, const std::string& what) {
  Config::Map ours;
  for (const auto& [key, value] : config.as_map(what)) {
    if (key != "fn" && !value.is_null()) ours.emplace_back(key, value);
  }
  return ours;
}

// What f() makes, unless it fails: then `why` is told. `what` names the part, "..: loss".
template <class F>
void try_to(std::string& why, const std::string& what, F f) {
  try {
    f();
  } catch (const Error& error) {
    const std::string text = error.what();
    const std::size_t part = what.rfind(": ") + 2;  // which a registry's message begins with too
    const bool named = text.starts_with(what.substr(part) + ": ");
    why = text.starts_with(what) ? text : (named ? what.substr(0, part) : what + ": ") + text;
  }
}

Loss loss_from_keras(const Config& given, const std::string& what) {
  const Config value = objects_from_keras(given, what);
  if (value.is_string()) {
    const std::string& name = value.as_string(what);
    return loss_registry().make(loss_class_of(name, what), Config::Map{{"name", name}});
  }
  const std::string& class_name = value["class_name"].as_string(what + ": class_name");
  if (class_name == "LossFunctionWrapper") return loss_from_keras(value["config"]["fn"], what);
  Config options = options_of_object(value["config"], what);
  for (const auto& [key, option] : value["config"].as_map(what)) {
    if (key != "reduction") continue;
    if (option.is_null()) options.set(key, "none");
    if (option.str() == "\"auto\"") options.set(key, "sum_over_batch_size");  // of Keras 2
  }
  return loss_registry().make(class_name, options);
}

// "accuracy" is the one that fits what the output gives and the loss, if it has one, is told.
std::string accuracy_class(const KerasOutput& output, const Loss* loss) {
  if (output.shape.rank() > 0 && output.shape[-1] == 1) return "BinaryAccuracy";
  const bool sparse = loss != nullptr && loss->class_name() == "SparseCategoricalCrossentropy";
  return sparse ? "SparseCategoricalAccuracy" : "CategoricalAccuracy";
}

Metric metric_from_keras(const Config& given, const KerasOutput& output, const Loss* loss,
                         const std::string& what) {
  const Config value = objects_from_keras(given, what);
  if (value.is_string()) {
    const std::string& name = value.as_string(what);
    const std::string class_name = name == "accuracy" || name == "acc"
                                       ? accuracy_class(output, loss)
                                       : metric_class_of(name, what);
    return metric_from_config(class_name, Config::Map{{"name", name}});
  }
  const std::string& class_name = value["class_name"].as_string(what + ": class_name");
  if (class_name == "MeanMetricWrapper") {
    return metric_from_keras(value["config"]["fn"], output, loss, what);
  }
  Config options = options_of_object(value["config"], what);
  const Config& thresholds = options["thresholds"];
  if (thresholds.is_list() && class_name != "AUC") {
    const Config::List& list = thresholds.as_list(what);
    if (list.size() != 1) {
      fail("{}: thresholds: a metric is one number, of one threshold, got {}", what,
           thresholds.str());
    }
    options.set("thresholds", list[0]);
  }
  const bool a_number_a_class = class_name == "F1Score" || class_name == "FBetaScore";
  if (a_number_a_class && options["average"].is_null()) {
    fail("{}: {} without an average is a number a class; a metric is one number", what,
         class_name);
  }
  return metric_from_config(class_name, options);
}

bool is_object(const Config& value) {
  return value.is_map() && value["class_name"].is_string();
}

// One loss is that of every output; null is none, which ours say by leaving an output's name out.
OutputLosses losses_from_keras(const Config& given, const Outputs& outputs,
                               const std::string& what) {
  OutputLosses losses;
  const auto add = [&](const std::string& name, const Config& loss, const std::string& of) {
    if (!loss.is_null()) losses.entries.emplace_back(name, loss_from_keras(loss, of));
  };
  if (given.is_list()) {
    const Config::List& list = given.as_list(what);
    const bool by_name = std::ranges::any_of(list, &Config::is_null);
    if (by_name && list.size() != outputs.size()) {
      fail("{}: one entry an output is needed, got {} for {}", what, list.size(), outputs.size());
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
      add(by_name ? outputs[i].name : "", list[i], what);
    }
  } else if (given.is_map() && !is_object(given)) {
    for (const auto& [name, each] : given.as_map(what)) add(name, each, what + " of " + name);
  } else {
    losses.entries.assign(outputs.size(), {"", loss_from_keras(given, what)});
  }
  return losses;
}

// Null counts as 1.
LossWeights weights_from_keras(const Config& given, const std::string& what) {
  LossWeights weights;
  const auto add = [&](const std::string& name, const Config& weight) {
    weights.entries.emplace_back(name, weight.is_null() ? 1 : weight.as_double(what));
  };
  if (given.is_map()) {
    for (const auto& [name, each] : given.as_map(what)) add(name, each);
  } else if (given.is_list()) {
    for (const Config& each : given.as_list(what)) add("", each);
  } else if (!given.is_null()) {
    add("", given);
  }
  return weights;
}

// Null for an output without one.
const Loss* loss_of(const OutputLosses& losses, const Outputs& outputs, std::size_t i) {
  const auto& entries = losses.entries;
  for (const auto& [name, loss] : entries) {
    if (name == outputs[i].name) return &loss;
  }
  return i < entries.size() && entries[i].first.empty() ? &entries[i].second : nullptr;
}

// One metric or a list of them, of an output.
std::vector<Metric> metrics_of(const Config& given, const Outputs& outputs, std::size_t i,
                               KerasCompile& compile, const std::string& what) {
  std::vector<Metric> all;
  const auto add = [&](const Config& one) {
    if (one.is_null()) return;
    std::string why;
    try_to(why, what, [&] {
      const Loss* loss = loss_of(compile.options.loss, outputs, i);
      all.push_back(metric_from_keras(one, outputs[i], loss, what));
    });
    if (!why.empty()) compile.no_metrics.push_back(why);
  };
  if (given.is_list()) {
    for (const Config& each : given.as_list(what)) add(each);
  } else {
    add(given);
  }
  return all;
}

OutputMetrics metrics_from_keras(const Config& given, const Outputs& outputs,
                                 KerasCompile& compile, const std::string& what) {
  OutputMetrics metrics;
  if (given.is_null()) return metrics;
  const auto put = [&](const std::string& name, std::size_t i, const Config& config) {
    std::vector<Metric> all = metrics_of(config, outputs, i, compile, what);
    if (!all.empty()) metrics.entries.emplace_back(name, std::move(all));
  };
  if (given.is_map() && !is_object(given)) {
    for (const auto& [name, config] : given.as_map(what)) {
      const auto at = std::ranges::find(outputs, name, &KerasOutput::name);
      if (at == outputs.end()) fail("{}: no output is named \"{}\"", what, name);
      put(name, static_cast<std::size_t>(at - outputs.begin()), config);
    }
  } else if (outputs.size() == 1) {
    const Config::List list = given.is_list() ? given.as_list(what) : Config::List{given};
    put("", 0, list.size() == 1 && list[0].is_list() ? list[0] : Config(list));
  } else {
    const Config::List& list = given.as_list(what);
    if (list.size() > outputs.size()) {
      fail("{}: one entry an output is needed, got {} for {}", what, list.size(), outputs.size());
    }
    for (std::size_t i = 0; i < list.size(); ++i) put(outputs[i].name, i, list[i]);
  }
  return metrics;
}

Optimizer optimizer_from_keras(const Config& given, const std::string& what) {
  const Config value = objects_from_keras(given, what);
  if (value["class_name"].str() == "\"LossScaleOptimizer\"") {
    // It scales what gradients of 16 bits would lose; with float32 it is the one inside.
    return optimizer_from_keras(value["config"]["inner_optimizer"], what);
  }
  const bool named = value.is_string();
  const std::string class_name = optimizer_class_of(
      named ? value.as_string(what) : value["class_name"].as_string(what + ": class_name"));
  const Config options =
      named ? Config(Config::Map()) : options_of_object(value["config"], what);
  return optimizer_registry().make(class_name, options);
}

}  // namespace

KerasCompile compile_from_keras(const Config& config, const Outputs& outputs,
                                const std::string& what) {
  KerasCompile all;
  const auto named = [&](const char* key) { return what + ": " + key; };
  try_to(all.no_optimizer, named("optimizer"), [&] {
    all.options.optimizer = optimizer_from_keras(config["optimizer"], named("optimizer"));
  });
  try_to(all.no_loss, named("loss"), [&] {
    const Config& loss = config["loss"];
    if (!loss.is_null()) all.options.loss = losses_from_keras(loss, outputs, named("loss"));
    if (all.options.loss.entries.empty()) fail("{}: has no loss", named("loss"));
    all.options.loss_weights = weights_from_keras(config["loss_weights"], named("loss_weights"));
  });
  const auto read_metrics = [&](const char* key, OutputMetrics& metrics) {
    std::string why;
    try_to(why, named(key), [&] {
      metrics = metrics_from_keras(config[key], outputs, all, named(key));
    });
    if (!why.empty()) all.no_metrics.push_back(why);
  };
  read_metrics("metrics", all.options.metrics);
  read_metrics("weighted_metrics", all.options.weighted_metrics);
  return all;
}

}  // namespace kindling
