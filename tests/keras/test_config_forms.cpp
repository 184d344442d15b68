// The forms that Keras 3, and Keras 2 before it, have for one and the same config.
#include <kindling/io/archives/keras_config.h>
#include <kindling/layers/functional_config.h>
#include <kindling/io/json.h>

#include "tests/hostile/keras_archive.h"

using namespace kindling;

namespace {

// Our config of the model that is read.
std::string read(const std::string& json) {
  const Config graph = keras::graph_from_keras(parse_json(json, "json"), "json");
  const bool sequential = graph["class_name"].as_string("json") == "Sequential";
  const Functional model = functional_from_config(graph["config"], "json", sequential);
  return to_json(model.config());
}

std::string dense(const std::string& options) {
  return read(
      layers_config({input_config("x"), layer_config("d", "Dense", options, history("x"))}));
}

// Of an LSTM that is called on r, three times what s is.
std::string lstm(const std::string& calls) {
  const std::string all = layers_config(
      {input_config("x"), layer_config("s", "Dense", R"("units": 4)", history("x")),
       layer_config("r", "RepeatVector", R"("n": 3)", history("s")),
       layer_config("d", "LSTM", R"("units": 4)", history("r"))});
  return read(with(all, call(history("r")), calls));
}

}  // namespace

TEST_CASE("Options of layers in all their forms") {
  const std::string plain = dense(
      R"("units": 3, "activation": "relu", "kernel_initializer": {"class_name": "HeNormal"},
         "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.5}})");
  for (const std::string other : {
           R"("units": 3, "activation": "relu", "dtype": "float32",
              "kernel_initializer": "he_normal", "trainable": true, "kernel_constraint": null,
              "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.5}})",
           R"("units": 3, "activation": {"module": "builtins", "class_name": "function",
                                         "config": "relu", "registered_name": "function"},
              "kernel_initializer": {"module": "keras.initializers", "class_name": "HeNormal",
                                     "config": {"seed": null}, "registered_name": null},
              "dtype": {"module": "keras", "class_name": "DTypePolicy",
                        "config": {"name": "float32"}, "registered_name": null},
              "kernel_regularizer": {"module": "keras.regularizers", "class_name": "L2",
                                     "config": {"l2": 0.5}, "registered_name": null})",
           R"("units": 3, "activation": "relu", "kernel_initializer": {"class_name": "HeNormal",
                                                                       "config": {}},
              "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.5}},
              "batch_input_shape": [null, 4], "quantization_config": null, "lora_rank": null)"}) {
    CHECK(dense(other) == plain);
  }
}

TEST_CASE("Calls in all their forms") {
  const std::string r = history("r"), s = history("s"), states = "[" + s + ", " + s + "]";
  const auto with_arguments = [](const std::string& args, const std::string& kwargs) {
    return R"({"args": [)" + args + R"(], "kwargs": {)" + kwargs + "}}";
  };
  // Of Keras 3: the mask that r may carry is not looked at, once there is a second tensor.
  const std::string plain = lstm(with_arguments(r, R"("initial_state": )" + states));
  CHECK(plain.find("\"mask\": null") != std::string::npos);
  for (const std::string& other : {
           with_arguments(r, R"("initial_state": )" + states + R"(, "mask": null)"),
           with_arguments(r + ", " + states, R"("training": null)"),
           with_arguments("", R"("sequences": )" + r + R"(, "initial_state": )" + states),
           std::string(R"([["r", 0, 0, {"initial_state": [["s", 0, 0], ["s", 0, 0]]}]])")}) {
    INFO(other);
    CHECK(lstm(other) == plain);
  }
  // Of Keras 2: the states are in the list of inputs, whose first mask counts.
  const std::string list = lstm(call("[" + r + ", " + s + ", " + s + "]"));
  CHECK(list.find("\"mask\"") == std::string::npos);
  CHECK(lstm(R"([["r", 0, 0, {}], ["s", 0, 0, {}], ["s", 0, 0, {}]])") == list);
}

TEST_CASE("A Sequential with an input layer, without one") {
  const std::string layer = R"({"class_name": "Dense", "config": {"name": "d", "units": 3)";
  const std::string plain = read(
      R"({"class_name": "Sequential", "config": {"name": "s", "layers": [
          {"class_name": "InputLayer", "config": {"name": "input_layer", "batch_shape": [null, 4]}},
          )" + layer + "}}]}}");
  CHECK(read(R"({"class_name": "Sequential", "config": {"name": "s", "layers": [)" + layer +
             R"(, "batch_input_shape": [null, 4]}}]}})") == plain);
  CHECK(read(R"({"class_name": "Sequential", "config": {"name": "s", "build_input_shape":
                [null, 4], "layers": [)" + layer + "}}]}}") == plain);
}
