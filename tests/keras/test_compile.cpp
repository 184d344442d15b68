// What compile() was told, in every form in which Keras writes it down.
#include <fmt/format.h>

#include <kindling/io/archives/keras.h>
#include <kindling/io/archives/zip.h>
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

// From an archive with such a compile_config.
Model load_compiled(const Model& model, const std::string& json) {
  const TemporaryFolder folder;
  const std::string path = folder.file("m.keras");
  write_file(path, keras_bytes(model, {.compile_config = parse_json(json, "json")}, a_date));
  return load_keras(path);
}

// "optimizer; losses; metrics".
std::string compiled(const Model& model, const std::string& json) {
  const Model loaded = load_compiled(model, json);
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

// The losses' weights.
std::string weighed(const std::string& json) {
  const Model loaded = load_compiled(two_outputs(), json);
  std::string text;
  for (const auto& [output, weight] : loaded.compile_options()->loss_weights.entries) {
    text += (text.empty() ? "" : " ") + output + fmt::format(":{}", weight);
  }
  return text;
}

// What is saved of a model that was loaded.
Config saved_again(const Model& model, const std::string& json) {
  const Model loaded = load_compiled(model, json);
  const TemporaryFolder folder;
  save_keras(loaded, folder.file("m.keras"));
  const ZipReader zip(read_file(folder.file("m.keras")), "m.keras");
  return parse_json(zip.read("config.json"), "config.json")["compile_config"];
}

// Why something is left out, but for the file's name.
std::string left_out(const Model& model, const std::string& json) {
  const TemporaryFolder folder;
  const std::string path = folder.file("m.keras");
  write_file(path, keras_bytes(model, {.compile_config = parse_json(json, "json")}, a_date));
  std::vector<std::string> left;
  load_keras(path, {.left_out = &left});
  std::string text;
  for (const std::string& why : left) {
    const std::string before = path + ": compile_config: ";
    text += (text.empty() ? "" : " | ") +
            (why.starts_with(before) ? why.substr(before.size()) : why);
  }
  return text;
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
  CHECK(compiled(one_output(1), R"({"optimizer": {"class_name": "LossScaleOptimizer", "config": {
      "name": "loss_scale_optimizer", "initial_scale": 32768.0, "dynamic_growth_steps": 2000,
      "inner_optimizer": {"module": "keras.optimizers", "class_name": "SGD",
                          "config": {"name": "sgd", "learning_rate": 0.5}}}}, "loss": "dice"})") ==
        "SGD; :Dice;;");
  // As Keras 2.12 to 2.15 have them.
  CHECK(compiled(one_output(1), R"({
      "optimizer": {"class_name": "RMSprop", "config": {"name": "RMSprop", "learning_rate": 0.5,
                    "is_legacy_optimizer": false, "jit_compile": true, "use_ema": false,
                    "ema_overwrite_frequency": 100}},
      "loss": {"class_name": "MeanSquaredError", "config": {
          "reduction": "auto", "name": "mean_squared_error", "fn": "mean_squared_error"}},
      "metrics": [{"class_name": "AUC", "config": {"name": "auc", "dtype": "float32",
                   "summation_method": "interpolation"}}, "kullback_leibler_divergence"]})") ==
        "RMSprop; :MeanSquaredError; :AUC auc :KLDivergence kullback_leibler_divergence;");
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

TEST_CASE("One loss is that of every output") {
  CHECK(compiled(two_outputs(), R"({"optimizer": "adam", "loss": "mse"})") ==
        "Adam; :MeanSquaredError :MeanSquaredError;;");
  Model model = load_compiled(two_outputs(), R"({"optimizer": "sgd", "loss": {
      "class_name": "MeanAbsoluteError", "config": {}}, "loss_weights": [1, 0.5]})");
  const Logs logs = model.train_on_batch({.inputs = {zeros({2, 3})},
                                          .targets = {full({2, 1}, 3), full({2, 4}, 8)}});
  // Of no input the outputs are their biases, 0.
  CHECK(logs["a_loss"] == Approx(3));
  CHECK(logs["b_loss"] == Approx(8));
  CHECK(logs["loss"] == Approx(3 + 0.5 * 8));
}

TEST_CASE("An output whose loss is null has none") {
  for (const std::string loss : {R"(["mse", null])", R"({"a": "mse", "b": null})"}) {
    INFO(loss);
    const std::string json = R"({"optimizer": "sgd", "loss": )" + loss +
                             R"(, "metrics": [null, ["accuracy"]], "loss_weights": [0.5, null]})";
    CHECK(compiled(two_outputs(), json) ==
          "SGD; a:MeanSquaredError; b:CategoricalAccuracy accuracy;");
    Model model = load_compiled(two_outputs(), json);
    const Logs logs = model.train_on_batch({.inputs = {zeros({2, 3})},
                                            .targets = {full({2, 1}, 3), full({2, 4}, 1)}});
    CHECK(logs["loss"] == Approx(0.5 * 9));
    CHECK(logs.names() == "loss, b_accuracy");
  }
  CHECK(compiled(two_outputs(), R"({"optimizer": "sgd", "loss": [null, "mae"],
                                    "metrics": ["accuracy"]})") ==
        "SGD; b:MeanAbsoluteError; a:BinaryAccuracy accuracy;");
}

TEST_CASE("A weight that is null is 1") {
  const std::string losses = R"({"optimizer": "adam", "loss": ["mse", "mae"], "loss_weights": )";
  CHECK(weighed(losses + "[null, 0.25]}") == ":1 :0.25");
  CHECK(weighed(losses + "[2, null]}") == ":2 :1");
  CHECK(weighed(losses + R"({"b": null, "a": 3}})") == "b:1 a:3");
  CHECK(weighed(losses + "null}") == "");
}

TEST_CASE("Saved are losses and weights of every output, as Keras wants them") {
  const auto saved = [](const std::string& json) {
    const Config config = saved_again(two_outputs(), json);
    std::string losses;
    for (const auto& [name, loss] : config["loss"].is_map() ? config["loss"].as_map("loss")
                                                            : Config::Map()) {
      losses += name + ":" + (loss.is_null() ? "null" : loss["class_name"].as_string(name)) + " ";
    }
    return losses + config["loss_weights"].str();
  };
  CHECK(saved(R"({"optimizer": "sgd", "loss": [null, "mae"]})") ==
        "a:null b:MeanAbsoluteError null");
  CHECK(saved(R"({"optimizer": "sgd", "loss": [null, "mae"], "loss_weights": [2, 3]})") ==
        R"(a:null b:MeanAbsoluteError {"a": 2, "b": 3})");
  CHECK(saved(R"({"optimizer": "sgd", "loss": {"b": "mae", "a": "mse"},
                  "loss_weights": {"b": 3}})") ==
        R"(a:MeanSquaredError b:MeanAbsoluteError {"a": 1, "b": 3})");
  CHECK(saved(R"({"optimizer": "sgd", "loss": ["mse", "mae"], "loss_weights": {"b": 3}})") ==
        "[1, 3]");
}

TEST_CASE("What there is no class for is left out, and why is said") {
  const std::string optimizers = " is registered; register_optimizer<";
  const std::string registered =
      ">() adds one of your own [registered: Adadelta, Adagrad, Adam, AdamW, Adamax, Ftrl, "
      "Lamb, LazyAdam, Lion, Nadam, RMSprop, SGD]";
  const std::vector<std::pair<std::string, std::string>> all = {
      {R"("optimizer": "adam", "loss": null)", "loss: has no loss"},
      {R"("optimizer": "adam", "loss": [], "metrics": ["mse"])", "loss: has no loss"},
      {R"("optimizer": "frob", "loss": "mse")",
       "optimizer: no class \"frob\"" + optimizers + "frob" + registered},
      {R"("optimizer": {"class_name": "Frob", "config": {}}, "loss": "mse")",
       "optimizer: no class \"Frob\"" + optimizers + "Frob" + registered},
      {R"("optimizer": {"class_name": "Adam", "config": {"frob": 1}}, "loss": "mse")",
       "optimizer: Adam \"adam\": unknown option \"frob\", got 1"},
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
    CHECK(left_out(one_output(2), "{" + json + "}") == message);
  }
  CHECK(left_out(two_outputs(), R"({"optimizer": "adam", "loss": "mse",
                                   "metrics": ["mse", "mse", "mse"]})") ==
        "metrics: one entry an output is needed, got 3 for 2");
  CHECK(left_out(two_outputs(), R"({"optimizer": "adam", "loss": [null, "mse", "mse"]})") ==
        "loss: one entry an output is needed, got 3 for 2");
  CHECK(left_out(two_outputs(), R"({"optimizer": "adam", "loss": [null, null]})") ==
        "loss: has no loss");
}
