// Layers from configs: the registry, options that are wrong, initialisers.
#include <kindling/layers/dense.h>
#include <kindling/tensor/random.h>

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
        "Dense \"x\": kernel_initializer: one of Constant, GlorotUniform, Ones, RandomNormal, "
        "RandomUniform, Zeros is needed, got \"He\"");
  CHECK(refused("Dense", {{"units", 3},
                          {"kernel_initializer",
                           Config::Map{{"class_name", "GlorotUniform"},
                                       {"config", Config::Map{{"sed", 3}}}}}}) ==
        "Dense \"x\": kernel_initializer: unknown option \"sed\", got 3");
  CHECK(message_of([] { layer_from_config("Dense", Config(3)); }) != "no error");
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

namespace {

struct Range {
  double low = INFINITY, high = -INFINITY, mean = 0, deviation = 0;
};

Range range_of(const Initializer& initializer, const Shape& shape) {
  Range range;
  const std::vector<double> all = numbers(initializer(shape));
  for (const double v : all) {
    range.low = std::min(range.low, v);
    range.high = std::max(range.high, v);
    range.mean += v / static_cast<double>(all.size());
  }
  for (const double v : all) {
    range.deviation += (v - range.mean) * (v - range.mean) / static_cast<double>(all.size());
  }
  range.deviation = std::sqrt(range.deviation);
  return range;
}

// Uniform in [-limit, limit], and filling it.
void check_uniform(const Initializer& initializer, const Shape& shape, double limit) {
  const Range range = range_of(initializer, shape);
  CHECK(range.low >= -limit * (1 + 1e-6));
  CHECK(range.high <= limit * (1 + 1e-6));
  CHECK(range.low < -0.97 * limit);
  CHECK(range.high > 0.97 * limit);
  CHECK(range.mean == Approx(0).margin(0.06 * limit));
  CHECK(range.deviation == Approx(limit / std::sqrt(3)).epsilon(0.06));
}

}  // namespace

TEST_CASE("Initialisers fill what they should") {
  check_uniform(RandomUniform(), {100, 30}, 0.05);
  check_uniform(GlorotUniform(), {100, 30}, std::sqrt(6.0 / 130));
  check_uniform(GlorotUniform(), {4, 50, 30}, std::sqrt(6.0 / (4 * 80)));
  check_uniform(GlorotUniform(), {2000}, std::sqrt(3.0 / 2000));
  const Range normal = range_of(RandomNormal({.mean = 2, .stddev = 0.5}), {5000});
  CHECK(normal.mean == Approx(2).margin(0.03));
  CHECK(normal.deviation == Approx(0.5).epsilon(0.05));
  CHECK(range_of(Zeros(), {3}).high == 0);
  CHECK(range_of(Ones(), {3}).low == 1);
  CHECK(range_of(Constant({.value = 0.25}), {3}).mean == 0.25);
  CHECK(GlorotUniform()({}).shape() == Shape{});
}

TEST_CASE("Initialisers repeat by their own seed, or by the global one") {
  const Shape shape{4, 5};
  CHECK(same_bits(RandomUniform({.seed = 3})(shape), RandomUniform({.seed = 3})(shape)));
  CHECK_FALSE(same_bits(RandomUniform({.seed = 3})(shape), RandomUniform({.seed = 4})(shape)));
  const auto glorot = GlorotUniform();
  set_random_seed(1);
  const Tensor first = glorot(shape), second = glorot(shape);
  CHECK_FALSE(same_bits(first, second));
  set_random_seed(1);
  CHECK(same_bits(glorot(shape), first));
  CHECK(same_bits(glorot(shape), second));
}

TEST_CASE("Initialisers come back from their configs") {
  const Initializer all[] = {Zeros(), Ones(), Constant({.value = 0.1}),
                             RandomUniform({.minval = -1, .maxval = 2, .seed = 5}),
                             RandomNormal({.mean = 1, .stddev = 3, .seed = 6}),
                             GlorotUniform({.seed = 7})};
  for (const Initializer& initializer : all) {
    Initializer again = Zeros();
    from_config(to_config(initializer), again, "test");
    CHECK(same_bits(again({3, 4}), initializer({3, 4})));
    CHECK(layer_check::same(to_config(again), to_config(initializer)));
  }
  Initializer by_name = Zeros();
  from_config("Ones", by_name, "test");
  CHECK(same_bits(by_name({2}), ones({2})));
}

TEST_CASE("Numbers in configs are the shortest that read back the same") {
  const Layer layer = layer_from_config("Dropout", Config::Map{{"rate", 0.1}, {"seed", 3}});
  CHECK(layer.config()["rate"].str() == "0.1");
  CHECK(layer.config()["seed"].str() == "3");
}
