// Layers from configs: the registry, options that are wrong.
#include <kindling/layers/activation_layers.h>
#include <kindling/layers/concatenate.h>
#include <kindling/layers/dense.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

namespace {

std::string refused(const std::string& class_name, Config::Map config) {
  config.insert(config.begin(), {"name", "x"});
  return message_of([&] { layer_from_config(class_name, Config(config)); });
}

}  // namespace

TEST_CASE("A config makes a layer; what it leaves out has its default") {
  const Layer dense = layer_from_config("Dense", Config::Map{{"units", 3}, {"name", "d"}});
  CHECK(dense.name() == "d");
  CHECK(dense(ones({2, 5})).shape() == Shape{2, 3});
  CHECK(dense.weights().size() == 2);
  const Layer frozen =
      layer_from_config("Dense", Config::Map{{"units", 3}, {"trainable", false}});
  CHECK_FALSE(frozen.trainable());
  CHECK(frozen.name().starts_with("dense"));
  // As Keras writes a size, and null for a default.
  const Layer conv = layer_from_config(
      "Conv1D", Config::Map{{"filters", 2}, {"kernel_size", Config::List{3}},
                            {"strides", Config::List{1}}, {"activation", Config()},
                            {"kernel_regularizer", Config()}});
  CHECK(conv(ones({1, 5, 1})).shape() == Shape{1, 3, 2});
}

TEST_CASE("A config that doesn't fit is refused") {
  CHECK(refused("Dense", {{"units", 3}, {"unit", 4}}) ==
        "Dense \"x\": unknown option \"unit\", got 4");
  CHECK(refused("Conv1D", {{"filters", 3}, {"kernel_size", 2}, {"filter", 100}}) ==
        "Conv1D \"x\": unknown option \"filter\", got 100");
  CHECK(refused("Dense", {}) == "Dense \"x\": the option \"units\" is required");
  CHECK(refused("Dense", {{"units", "many"}}) ==
        "Dense \"x\": units: a whole number is needed, got \"many\"");
  CHECK(refused("Dense", {{"units", 3}, {"use_bias", 1}}) ==
        "Dense \"x\": use_bias: true or false is needed, got 1");
  CHECK(refused("Dropout", {{"rate", "half"}}) ==
        "Dropout \"x\": rate: a number is needed, got \"half\"");
  CHECK(refused("Dropout", {{"rate", 2}}) == "Dropout \"x\": rate is in [0, 1), got 2");
  CHECK(refused("Activation", {{"activation", 3}}) ==
        "Activation \"x\": activation: a text is needed, got 3");
  CHECK(refused("Conv1D", {{"filters", 3}, {"kernel_size", 2}, {"padding", "full"}}) ==
        "Conv1D \"x\": padding: one of valid, same, causal is needed, got \"full\"");
  CHECK(refused("Flatten", {{"data_format", "last"}}) ==
        "Flatten \"x\": data_format: one of channels_last, channels_first is needed, got \"last\"");
  CHECK(refused("InputLayer", {{"batch_shape", Config::List{Config(), 3}}, {"dtype", "int8"}}) ==
        "InputLayer \"x\": dtype: one of float32, int32, bool is needed, got \"int8\"");
  CHECK(refused("InputLayer", {{"batch_shape", 3}}) ==
        "InputLayer \"x\": batch_shape: a list is needed, got 3");
  CHECK(refused("Dense", {{"units", 3}, {"kernel_initializer", "He"}}) ==
        "Dense \"x\": kernel_initializer: one of Constant, GlorotNormal, GlorotUniform, HeNormal, "
        "HeUniform, Identity, LecunNormal, LecunUniform, Ones, Orthogonal, RandomNormal, "
        "RandomUniform, TruncatedNormal, VarianceScaling, Zeros, normal, uniform is needed, got "
        "\"He\"");
  CHECK(refused("Dense", {{"units", 3},
                          {"kernel_initializer",
                           Config::Map{{"class_name", "GlorotUniform"},
                                       {"config", Config::Map{{"sed", 3}}}}}}) ==
        "Dense \"x\": kernel_initializer: unknown option \"sed\", got 3");
  CHECK(message_of([] { layer_from_config("Dense", Config(3)); }) != "no error");
  const std::int64_t wraps = std::int64_t{1} << 32;
  CHECK(refused("Softmax", {{"axis", wraps}}) ==
        "Softmax \"x\": axis: a whole number of 32 bits is needed, got 4294967296");
  CHECK(refused("LayerNormalization", {{"axis", Config::List{1, -wraps}}}) ==
        "LayerNormalization \"x\": axis: a whole number of 32 bits is needed, got -4294967296");
  for (const char* class_name : {"Any", "PReLU", "Dot"}) {
    const bool shared = std::string(class_name) == "PReLU", dot = std::string(class_name) == "Dot";
    CHECK(refused(class_name, {{shared ? "shared_axes" : dot ? "axes" : "axis", wraps + 1}})
              .ends_with("a whole number of 32 bits is needed, got 4294967297"));
  }
  CHECK(message_of([&] { Softmax({.axis = wraps}); }) ==
        "axis: a whole number of 32 bits is needed, got 4294967296");
  CHECK(message_of([&] { Concatenate({.axis = wraps, .name = "c"})({ones({1, 2})}); }) ==
        "Concatenate \"c\": axis 4294967296 is outside [-2, 2) [input (1, 2)]");
  Config big{Config::Map{{"rate", 1e300}}};
  float rate = 0;
  CHECK(message_of([&] { Fields(big, "it")("rate", rate); }) ==
        "it: rate: a number that float32 has is needed, got 1e+300");
}

TEST_CASE("An unknown class is refused, with those there are") {
  const std::string message = message_of([] { layer_from_config("Dens", Config::Map{}); });
  CHECK(message.starts_with("layer: no class \"Dens\" is registered; register_layer<Dens>() adds "
                            "one of your own [registered: Activation, "));
  for (const std::string& known : layer_registry().names()) {
    CHECK(message.find(known) != std::string::npos);
  }
}

TEST_CASE("An input layer's config comes back too") {
  const auto input = Input({.shape = {any, 3}, .dtype = DType::int32, .name = "text"});
  const Layer& layer = input.node()->layer;
  const Layer again = layer_from_config("InputLayer", layer.config());
  CHECK(layer_check::same(again.config(), layer.config()));
  CHECK(layer.config()["batch_shape"].str() == "[null, null, 3]");
  CHECK(message_of([&] { again(zeros({1, 2, 3})); }) ==
        "InputLayer \"text\": is an input, it is given a tensor by the Model it belongs to");
}

TEST_CASE("Numbers in configs are the shortest that read back the same") {
  const Layer layer = layer_from_config("Dropout", Config::Map{{"rate", 0.1}, {"seed", 3}});
  CHECK(layer.config()["rate"].str() == "0.1");
  CHECK(layer.config()["seed"].str() == "3");
}

TEST_CASE("Fields are found in any order, and what was not asked for is told") {
  Config config{Config::Map()};
  Fields out(config);
  for (std::int64_t i = 0; i < 5; ++i) out(std::to_string(i % 3).c_str(), i);
  CHECK(config.str() == R"({"0": 3, "1": 4, "2": 2})");
  Fields in(config, "who");
  std::int64_t value = 0;
  for (const char* name : {"2", "0", "no", "2"}) in(name, value);
  CHECK(value == 2);
  CHECK(message_of([&] { in.finish(); }) == "who: unknown option \"1\", got 4");
  in("1", value);
  CHECK(message_of([&] { in.finish(); }) == "no error");
  CHECK(message_of([] { Fields(Config(), "who").finish(); }) ==
        "who: an object is needed, got null");
}
