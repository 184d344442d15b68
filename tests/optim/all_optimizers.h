// Every optimizer, with each option that changes what it does to a weight: class names and configs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <kindling/layers/config.h>

namespace kindling {

inline std::vector<std::pair<std::string, Config>> all_optimizers() {
  using Map = Config::Map;
  const std::vector<std::pair<std::string, Map>> own = {
      {"SGD", {}},
      {"SGD", {{"momentum", 0.9}}},
      {"SGD", {{"momentum", 0.9}, {"nesterov", true}}},
      {"Adam", {}},
      {"Adam", {{"amsgrad", true}}},
      {"AdamW", {}},
      {"RMSprop", {}},
      {"RMSprop", {{"momentum", 0.5}}},
      {"RMSprop", {{"momentum", 0.5}, {"centered", true}}},
      {"Adagrad", {}},
      {"Adadelta", {}},
      {"Adamax", {}},
      {"Nadam", {}},
      {"Lion", {}},
      {"Lamb", {}},
      {"Ftrl", {}},
      {"Ftrl", {{"learning_rate_power", -0.8}, {"l1_regularization_strength", 0.05},
                {"l2_shrinkage_regularization_strength", 0.2}, {"beta", 0.4}}},
  };
  const std::vector<Map> common = {
      {},
      {{"weight_decay", 0.1}},
      {{"clipnorm", 2.0}},
      {{"clipvalue", 0.3}},
      {{"global_clipnorm", 1.0}},
      {{"use_ema", true}, {"ema_momentum", 0.8}},
      {{"use_ema", true}, {"ema_momentum", 0.8}, {"ema_overwrite_frequency", 3},
       {"weight_decay", 0.1}},
      {{"gradient_accumulation_steps", 3}},
      {{"gradient_accumulation_steps", 3}, {"use_ema", true}, {"ema_overwrite_frequency", 2},
       {"clipnorm", 1.0}, {"weight_decay", 0.1}},
  };
  std::vector<std::pair<std::string, Config>> all;
  for (const auto& [class_name, options] : own) {
    for (const Map& more : common) {
      Config config(options);
      config.set("learning_rate", 0.1);
      for (const auto& [name, value] : more) config.set(name, value);
      all.emplace_back(class_name, config);
    }
  }
  return all;
}

}  // namespace kindling
