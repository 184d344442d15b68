#include "settings.h"

#include <filesystem>

#include <kindling/io/json.h>
#include <kindling/tensor/error.h>

namespace text_similarity {

using kindling::Config;
using kindling::Fields;

namespace {
constexpr std::int64_t most_rows = 1'000'000'000;
}

void Settings::fields(Fields& f) {
  f("depth", depth);
  f("filters", filters);
  f("kernel_size", kernel_size);
  f("hidden_units", hidden_units);
  f("dropout", dropout);
  f("mask", mask);
  f("max_tokens", max_tokens);
  f("min_count", min_count);
  f("max_length", max_length);
  f("vectors", vectors);
  f("vector_words", vector_words);
  f("freeze_vectors", freeze_vectors);
  f("epochs", epochs);
  f("batch_size", batch_size);
  f("learning_rate", learning_rate);
  f("patience", patience);
  f("seed", seed);
  f("data", data);
  f("graded", graded);
  f("first", first);
  f("second", second);
  f("score", score);
  f("score_min", score_min);
  f("score_max", score_max);
  f("vocabulary_hash", vocabulary_hash);
  f("weights_hash", weights_hash);
}

std::string to_text(Settings settings) {
  Config config{Config::Map()};
  Fields f(config);
  settings.fields(f);
  return kindling::to_json(config) + "\n";
}

Settings settings_of_model(const std::string& folder) {
  const std::string path = folder + "/settings.json";
  if (!std::filesystem::exists(path)) {
    throw kindling::Error(folder + ": is no model that text_similarity train saved, there is no " +
                          path);
  }
  const Config config = kindling::read_json(path);
  Settings settings;
  Fields f(config, path);
  settings.fields(f);
  f.finish();
  if (settings.max_length < 0 || settings.batch_size < 1 || settings.batch_size > most_rows) {
    throw kindling::Error(path + ": max_length must be at least 0 and batch_size from 1 to " +
                          std::to_string(most_rows) + ", got " +
                          std::to_string(settings.max_length) + " and " +
                          std::to_string(settings.batch_size));
  }
  return settings;
}

}  // namespace text_similarity
