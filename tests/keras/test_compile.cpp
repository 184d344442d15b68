// What compile() was told, in every form in which Keras writes it down.
#include <kindling/io/archives/keras.h>
#include <kindling/io/json.h>
#include <kindling/kindling.h>

#include "tests/keras/saved.h"

using namespace kindling;

namespace {

Model two_outputs() {
  const SymbolicTensor x = Input({.shape = {3}});
  return Model(x, {Dense({.units = 1, .name = "a"})(x), Dense({.units = 4, .name = "b"})(x)});
}

Model one_output(std::int64_t units) {
  const SymbolicTensor x = Input({.shape = {3}});
  return Model(x, Dense({.units = units, .name = "a"})(x));
}

// "optimizer; losses; metrics" of an archive with such a compile_config.
std::string compiled(const Model& model, const std::string& json) {
  const TemporaryFolder folder;
  const std::string path = folder.file("m.keras");
  write_file(path, keras_bytes(model, {.compile_config = parse_json(json, "json")}, a_date));
  const Model loaded = load_keras(path);
  const CompileOptions* options = loaded.compile_options();
  if (options == nullptr) return "not compiled";
  std::string text = options->optimizer.class_name() + ";";
  for (const auto& [output, loss] : options->loss.entries) {
    text += " " + output + ":" + loss.class_name();
  }
  for (const auto* metrics : {&options->metrics, &options->weighted_metrics}) {
    text += ";";
    for (const auto& [output, all] : metrics->entries) {
      for (const Metric& m : all) text += " " + output + ":" + m.class_name() + " " + m.name();
    }
  }
  return text;
}

// Why it can't be, but for the file's name and what can be done.
std::string refused(const Model& model, const std::string& json) {
  const std::string text = message_of([&] { compiled(model, json); });
  const std::string before = "m.keras: compile_config: ",
                    after = "; .compile = false loads the model without";
  const std::size_t begin = text.find(before);
  if (begin == text.npos || !text.ends_with(after)) return text;
  return text.substr(begin + before.size(),
                     text.size() - after.size() - begin - before.size());
}

}  // namespace

TEST_CASE("Optimizers, losses and metrics given by name are found") {
  CHECK(compiled(one_output(1), R"({"optimizer": "adam", "loss": "mse", "metrics": ["mae"]})") ==
        "Adam; :MeanSquaredError; :MeanAbsoluteError mae;");
  CHECK(compiled(one_output(1), R"({"optimizer": "rmsprop", "loss": "binary_crossentropy",
                                    "metrics": ["accuracy"], "weighted_metrics": ["acc"]})") ==
        "RMSprop; :BinaryCrossentropy; :BinaryAccuracy accuracy; :BinaryAccuracy acc");
  CHECK(compiled(one_output(4), R"({"optimizer": "sgd", "loss": "sparse_categorical_crossentropy",
                                    "metrics": [["accuracy"]]})") ==
        "SGD; :SparseCategoricalCrossentropy; :SparseCategoricalAccuracy accuracy;");
  CHECK(compiled(one_output(4), R"({"optimizer": "SGD", "loss": "categorical_crossentropy",
                                    "metrics": "accuracy"})") ==
        "SGD; :CategoricalCrossentropy; :CategoricalAccuracy accuracy;");
  CHECK(compiled(one_output(4), R"({"optimizer": null, "loss": null})") == "not compiled");
}

TEST_CASE("Optimizers, losses and metrics given as objects are found") {
  CHECK(compiled(one_output(1), R"({
      "optimizer": {"module": "keras.optimizers", "class_name": "Adam", "registered_name": null,
                    "config": {"name": "adam", "learning_rate": 0.5, "loss_scale_factor": null}},
      "loss": {"module": "builtins", "class_name": "function", "config": "mean_squared_error",
               "registered_name": "function"},
      "metrics": [{"module": "keras.metrics", "class_name": "MeanMetricWrapper", "config": {
          "name": "x", "fn": {"class_name": "function", "config": "mean_absolute_error"}}}]})") ==
        "Adam; :MeanSquaredError; :MeanAbsoluteError mean_absolute_error;");
  CHECK(compiled(one_output(1), R"({"optimizer": "adam", "loss": {
      "class_name": "LossFunctionWrapper", "config": {"fn": "poisson"}}})") == "Adam; :Poisson;;");
}

TEST_CASE("Losses and metrics of several outputs are found") {
  CHECK(compiled(two_outputs(), R"({"optimizer": "adam", "loss": ["mse", "mae"],
                                    "metrics": [null, ["mse", "accuracy"]]})") ==
        "Adam; :MeanSquaredError :MeanAbsoluteError; b:MeanSquaredError mse b:CategoricalAccuracy "
        "accuracy;");
  CHECK(compiled(two_outputs(), R"({"optimizer": "adam", "loss": {"a": "mse", "b": "mae"},
                                    "loss_weights": {"a": 2}, "metrics": {"a": "accuracy"}})") ==
        "Adam; a:MeanSquaredError b:MeanAbsoluteError; a:BinaryAccuracy accuracy;");
}

TEST_CASE("What cannot be compiled again is refused") {
  const std::string optimizers = " is registered; register_optimizer<";
  const std::string registered =
      ">() adds one of your own [registered: Adadelta, Adagrad, Adam, AdamW, Adamax, LazyAdam, "
      "Lion, Nadam, RMSprop, SGD]";
  const std::vector<std::pair<std::string, std::string>> all = {
      {R"("optimizer": "adam", "loss": null)", "has no loss"},
      {R"("optimizer": "adam", "loss": [], "metrics": ["mse"])", "has no loss"},
      {R"("optimizer": "frob", "loss": "mse")",
       "optimizer: no class \"frob\"" + optimizers + "frob" + registered},
      {R"("optimizer": {"class_name": "Frob", "config": {}}, "loss": "mse")",
       "optimizer: no class \"Frob\"" + optimizers + "Frob" + registered},
      {R"("optimizer": {"class_name": "Adam", "config": {"frob": 1}}, "loss": "mse")",
       "Adam \"adam\": unknown option \"frob\", got 1"},
      {R"("optimizer": "adam", "loss": "frob")", "loss: no loss is named \"frob\""},
      {R"("optimizer": "adam", "loss": 1)", "loss: class_name: a text is needed, got null"},
      {R"("optimizer": "adam", "loss": "mse", "metrics": ["frob"])",
       "metrics: no metric is named \"frob\""},
      {R"("optimizer": "adam", "loss": "mse", "metrics": {"c": "mse"})",
       "metrics: no output is named \"c\""},
      {R"("optimizer": "adam", "loss": "mse",
          "metrics": [{"class_name": "F1Score", "config": {}}])",
       "metrics: F1Score without an average is a number a class; a metric is one number"}};
  for (const auto& [json, message] : all) {
    CHECK(refused(one_output(2), "{" + json + "}") == message);
  }
  CHECK(refused(two_outputs(), R"({"optimizer": "adam", "loss": "mse",
                                   "metrics": ["mse", "mse", "mse"]})") ==
        "metrics: one entry an output is needed, got 3 for 2");
}
