// Activations, LayerNormalization, Masking, NotEqual and the layers that reshape.
#include <kindling/layers/activation.h>
#include <kindling/layers/activation_layers.h>
#include <kindling/layers/conv1d.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/flatten.h>
#include <kindling/layers/gru.h>
#include <kindling/layers/layer_normalization.h>
#include <kindling/layers/masking.h>
#include <kindling/layers/not_equal.h>
#include <kindling/layers/reshaping.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

TEST_CASE("Activation, by function and by name") {
  const char* names[] = {"linear", "relu", "relu6", "leaky_relu", "elu", "celu", "selu", "gelu",
                          "glu", "silu", "swish", "mish", "sigmoid", "log_sigmoid", "hard_sigmoid",
                          "sparse_sigmoid", "hard_silu", "hard_swish", "tanh", "hard_tanh",
                          "tanh_shrink", "softplus", "squareplus", "sparse_plus", "softsign",
                          "soft_shrink", "hard_shrink", "exponential", "softmax", "log_softmax",
                          "sparsemax"};
  // No corner within a step: these are at 0, 0.5, 1 and 3, and where sparsemax lets go.
  const Tensor x = tensor({{0.3, -0.3, 0.8, -1.6}, {-0.7, 1.7, -2.4, 0.2}});
  for (const char* name : names) check_layer(Activation({.activation = name}), {x});
  check_close(Activation({.activation = gelu})(x), gelu(x), 0);
  check_close(Activation({.activation = softmax})(x), softmax(x), 0);
  const Tensor mask = mask_of({{true}, {false}}).reshaped({2});
  check_layer(Activation({.activation = tanh}), {x}, {.mask = mask, .call = {.mask = {mask}}});
}

namespace {
Tensor third(const Tensor& x) { return x / 3; }
Tensor fourth(const Tensor& x) { return x / 4; }
}  // namespace

TEST_CASE("An activation of one's own can be used, and saved once it has a name") {
  const auto layer = Activation({.activation = third});
  CHECK(layer(scalar(3).reshaped({1})).item() == 1);
  CHECK(message_of([&] { layer.config(); }) ==
        "activation: this function has no name to save it by; give it one with "
        "register_activation(\"name\", function)");
  register_activation("third", third);
  register_activation("third", third);
  check_layer(Activation({.activation = third}), {normals({2, 2}, 1)});
  CHECK(message_of([] { register_activation("third", fourth); }) ==
        "register_activation: \"third\" is another function's name already");
  CHECK(message_of([] { Activation({.activation = "rellu"}); }) ==
        "activation: one of linear, relu, relu6, leaky_relu, elu, celu, selu, gelu, glu, silu, "
        "swish, mish, sigmoid, log_sigmoid, hard_sigmoid, hard_sigmoid_keras2, sparse_sigmoid, "
        "hard_silu, hard_swish, tanh, hard_tanh, tanh_shrink, softplus, squareplus, sparse_plus, "
        "softsign, soft_shrink, hard_shrink, exponential, softmax, log_softmax, sparsemax, third "
        "is needed, got \"rellu\"");
}

TEST_CASE("Flatten keeps the batch") {
  check_layer(Flatten(), {normals({2, 3, 4}, 1)});
  check_layer(Flatten(), {normals({2, 3}, 1)});
  check_layer(Flatten({.data_format = DataFormat::channels_first}), {normals({2, 3, 4, 2}, 1)});
  check_layer(Flatten(), {random_ids({2, 3, 4}, 1, 9)}, {.differentiable = false});
  CHECK(Flatten()(zeros({3})).shape() == Shape{3, 1});
  CHECK(Flatten()(zeros({0, 3, 2})).shape() == Shape{0, 6});
  const Tensor x = normals({2, 3, 4}, 2);
  CHECK(same_bits(Flatten()(x), x.reshaped({2, 12})));
  CHECK(same_bits(Flatten({.data_format = DataFormat::channels_first})(x),
                  transpose(x, {0, 2, 1}).reshaped({2, 12})));
  CHECK(message_of([] { Flatten({.name = "f"})(scalar(1)); }) ==
        "Flatten \"f\": input is (batch, ...), got ()");
  CHECK(message_of([] { Flatten({.name = "f"})({zeros({2}), zeros({2})}); }) ==
        "Flatten \"f\": takes 1 input, got 2");
}

TEST_CASE("NotEqual makes masks") {
  const Tensor ids = tensor({{4, 0, 1}, {0, 0, 2}});
  check_layer(NotEqual({.value = 0}), {ids}, {.differentiable = false});
  check_layer(NotEqual({.value = 1.5}), {tensor({{1.5, 2.0}})}, {.differentiable = false});
  CHECK(same_bits(NotEqual()(ids), mask_of({{true, false, true}, {false, false, true}})));
  const auto symbolic = not_equal(Input({.shape = {any}, .dtype = DType::int32}), 0);
  CHECK(symbolic.dtype() == DType::boolean);
  CHECK(symbolic.shape() == Shape{any, any});
  CHECK(message_of([&] { NotEqual({.name = "n"})({ids, ids}); }) ==
        "NotEqual \"n\": takes 1 input, got 2");
}

TEST_CASE("Activation layers with options") {
  const Tensor x = tensor({{0.3, -0.3, 0.8, -1.6}, {-0.7, 1.7, -2.4, 0.2}}).reshaped({2, 2, 2});
  const Tensor mask = mask_of({{true, false}, {true, true}});
  const Expected masked{.mask = mask, .call = {.mask = {mask}}};
  check_layer(ReLU(), {x}, masked);
  check_layer(ReLU({.max_value = 1.2, .negative_slope = 0.1, .threshold = 0.5}), {x});
  check_layer(LeakyReLU(), {x}, masked);
  check_layer(ELU({.alpha = 0.5}), {x}, masked);
  check_layer(PReLU({.alpha_initializer = Constant({.value = 0.25}), .shared_axes = {1}}), {x},
              {.weights = {"alpha"}, .mask = mask, .call = {.mask = {mask}}});
  check_layer(Softmax(), {x});
  check_layer(Softmax({.axis = 1}), {x});
  check_layer(Softmax({.axis = {1, 2}}), {x});
  check_close(LeakyReLU()(x), where(less(x, 0), 0.3 * x, x), 1e-7);
  check_close(ReLU({.max_value = 1.2, .negative_slope = 0.1, .threshold = 0.5})(x),
              tensor({{-0.02, -0.08, 0.8, -0.21}, {-0.12, 1.2, -0.29, -0.03}}).reshaped({2, 2, 2}),
              1e-6);
  const auto prelu = PReLU({.alpha_initializer = "ones", .name = "p"});
  check_close(prelu(x), x, 0);
  CHECK(prelu.weights()[0].value.shape() == Shape{2, 2});
  check_close(Softmax({.axis = {1, 2}})(x), softmax(x.reshaped({2, 4})).reshaped({2, 2, 2}), 0);

  const auto soft = Softmax({.axis = 1, .name = "s"});
  const Tensor counts =
      mask_of({{true, false, true, true}, {false, true, true, true}}).reshaped({2, 2, 2});
  check_layer(Softmax({.axis = 1}), {x}, {.mask = counts, .call = {.mask = {counts}}});
  check_close(soft(x, {.mask = {counts}}),
              transpose(masked_softmax(transpose(x, {0, 2, 1}), transpose(counts, {0, 2, 1})),
                        {0, 2, 1}), 0);
  const Tensor row = mask_of({{true, false}}), three = mask_of({{true, false, true}});
  check_close(Softmax()(x, {.mask = {row}}), broadcast_to(cast(row, DType::float32), {2, 2, 2}), 0);
  CHECK(same_bits(Softmax()(x, {.mask = {row}}).mask(), row.reshaped({1, 1, 2})));
  check_close(Softmax()(x, {.mask = {not_equal(x, x)}}), zeros({2, 2, 2}), 0);
  CHECK(message_of([&] { soft(x, {.mask = {three}}); }) ==
        "Softmax \"s\": a mask broadcasts to the input, got (1, 3) [input (2, 2, 2)]");
  CHECK(message_of([&] { soft(zeros({3})); }) ==
        "Softmax \"s\": axis 1 is outside [-1, 1) or comes twice [input (3,)]");
  CHECK(message_of([&] { prelu(zeros({2, 2, 3})); }) ==
        "PReLU \"p\": alpha (2, 2) was built for other sizes, got input (2, 2, 3)");
  CHECK(message_of([&] { PReLU({.name = "p"})(Input({.shape = {any, 3}})); }) ==
        "PReLU \"p\": sizes that aren't known must be those of shared_axes, got (None, None, 3)");
  CHECK(message_of([] { ReLU({.max_value = -1, .name = "r"}); }) ==
        "ReLU \"r\": max_value, negative_slope and threshold are at least 0, got -1, 0 and 0");
}

TEST_CASE("Activations keep to their limits where x is large") {
  const Tensor x = tensor({-1e30, -1e4, -100.0, 100.0, 1e4, 1e30});
  using F = Tensor (*)(const Tensor&);
  const F zero_below[] = {relu, hard_silu, sparse_plus, softplus, silu, mish, gelu,
                          [](const Tensor& v) { return gelu(v, true); }};
  for (const F f : zero_below) {
    const Tensor v = variable(x);
    const Tensor y = f(v);
    backward(sum(y));
    check_close(stop_gradient(y) / x, tensor({0.0, 0.0, 0.0, 1.0, 1.0, 1.0}), 1e-6);
    check_close(grad(v), tensor({0.0, 0.0, 0.0, 1.0, 1.0, 1.0}), 1e-6);
  }
  const Tensor v = variable(x), w = variable(x);
  check_close(squareplus(v) / x, tensor({0.0, 0.0, -1e-4, 1.0001, 1.0, 1.0}), 1e-6);
  check_close(squareplus(tensor({-1e5})) * 1e5, tensor({1.0}), 1e-6);
  backward(sum(squareplus(v)) + sum(log_sigmoid(w)));
  check_close(grad(v), tensor({0.0, 0.0, 1e-4, 0.9999, 1.0, 1.0}), 1e-5);
  check_close(grad(w), tensor({1.0, 1.0, 1.0, 0.0, 0.0, 0.0}), 1e-6);
  check_close(log_sigmoid(x) / x, tensor({1.0, 1.0, 1.0, 0.0, 0.0, 0.0}), 1e-6);
  check_close(sparsemax(tensor({{-HUGE_VAL, 0.5, 0.5}, {2.0, -1e30, 0.0}})),
              tensor({{0.0, 0.25, 0.25}, {1.0, 0.0, 0.0}}), 0);
  CHECK(std::isnan(numbers(sparsemax(tensor({std::nan(""), 2.0})))[1]));
  // Keras's own numbers, whose rows don't sum to 1.
  const Tensor rows = variable(
      tensor({{0.3, -0.3, 0.8, -1.6}, {-0.7, 1.7, -2.4, 0.2}, {0.1, 0.4, 0.25, 0.2}}));
  const Tensor y = sparsemax(rows);
  check_close(y, tensor({{0.0, 0.0, 0.35, 0.0}, {0.0, 1.0, 0.0, 0.0}, {0.0, 0.0, 0.0, 0.0}}), 1e-6);
  backward({y}, {tensor({{1.0, 2.0, 3.0, 4.0}, {1.0, 2.0, 3.0, 4.0}, {1.0, 2.0, 3.0, 4.0}})});
  check_close(grad(rows), tensor({{-1.5, 0.0, 0.0, 0.0}, {0.0, 0.0, 0.0, 0.0},
                                  {0.0, 0.0, 0.0, 0.0}}), 1e-6);
}

TEST_CASE("LayerNormalization along one axis and several") {
  const Tensor x = normals({2, 3, 5}, 1);
  const Tensor mask = mask_of({{true, true, false}, {true, false, true}});
  const std::vector<std::string> both = {"gamma", "beta"};
  check_layer(LayerNormalization(), {x}, {.weights = both, .mask = mask, .call = {.mask = {mask}}});
  check_layer(LayerNormalization({.center = false}), {x}, {.weights = {"gamma"}});
  check_layer(LayerNormalization({.scale = false}), {x}, {.weights = {"beta"}});
  const auto gamma = RandomNormal({.stddev = 1, .seed = 1});
  for (const Axes& axis : {Axes{1, 2}, Axes{0, 2}, Axes{-1, -2}}) {
    const auto by = [&] {
      return LayerNormalization({.axis = axis, .epsilon = 1e-2, .gamma_initializer = gamma});
    };
    // A batch, or steps, that are normalised must be known.
    const auto layer = by();
    const Tensor y = layer(x);
    const std::vector<int> axes = axis.values;
    const Tensor away = x - mean(x, {.axis = axes, .keepdims = true});
    const Tensor variance = mean(square(away), {.axis = axes, .keepdims = true});
    const Tensor scale = layer.weights()[0].value;
    const Tensor shaped = axes[0] == 0 ? scale.reshaped({2, 1, 5}) : stop_gradient(scale);
    check_close(y, away / sqrt(variance + 1e-2) * shaped, 1e-5);
    const auto f = [&](const Tensors& in) { return layer(in[0]); };
    CHECK(message_of([&] { gradcheck(f, {x}); }) == "no error");
  }
  const auto norm = LayerNormalization({.name = "n"});
  norm(x);
  CHECK(message_of([&] { norm(zeros({2, 4})); }) ==
        "LayerNormalization \"n\": was built for (5,) along its axes, got (4,) [input (2, 4)]");
  CHECK(message_of([&] { LayerNormalization({.axis = {1, -1}, .name = "n"})(zeros({2, 4})); }) ==
        "LayerNormalization \"n\": axis -1 is outside [-2, 2) or comes twice [input (2, 4)]");
  const auto over_steps = LayerNormalization({.axis = 1, .name = "n"});
  CHECK(message_of([&] { over_steps(Input({.shape = {any, 3}})); }) ==
        "LayerNormalization \"n\": the sizes of the axes must be known, got (None, None, 3)");
}

TEST_CASE("Masking tells padding by its number") {
  const Tensor x = tensor({{1.0, 2.0}, {3.0, 3.0}, {3.0, 4.0}, {3.0, 3.0}}).reshaped({2, 2, 2});
  const Tensor mask = mask_of({{true, false}, {true, false}});
  // Where a number moves, it is padding no more: differences say nothing.
  check_layer(Masking({.mask_value = 3}), {x}, {.mask = mask, .differentiable = false});
  const Tensor v = variable(x);
  backward(sum(Masking({.mask_value = 3})(v)));
  check_close(grad(v), broadcast_to(cast(mask.reshaped({2, 2, 1}), DType::float32), {2, 2, 2}), 0);
  check_close(Masking({.mask_value = 3})(x),
              tensor({{1.0, 2.0}, {0.0, 0.0}, {3.0, 4.0}, {0.0, 0.0}}).reshaped({2, 2, 2}), 0);
  CHECK(message_of([] { Masking({.name = "m"})(zeros({2})); }) ==
        "Masking \"m\": input is (batch, steps, ...), got (2,)");
}

TEST_CASE("Reshape, Permute and RepeatVector arrange the same elements otherwise") {
  const Tensor x = normals({2, 3, 4}, 1);
  check_layer(Reshape({.target_shape = {6, 2}}), {x});
  check_layer(Reshape({.target_shape = {2, any, 1}}), {x});
  check_layer(Reshape({.target_shape = std::vector<std::int64_t>{}}), {normals({3, 1}, 1)});
  check_layer(Permute({.dims = {2, 1}}), {x});
  check_layer(Permute({.dims = {3, 1, 2}}), {random_ids({2, 3, 4, 2}, 1, 9)},
              {.differentiable = false});
  check_layer(RepeatVector({.n = 3}), {normals({2, 4}, 1)});
  CHECK(Reshape({.target_shape = {2, any, 1}})(x).shape() == Shape{2, 2, 6, 1});
  CHECK(Reshape({.target_shape = {any, 4}})(zeros({0, 3, 4})).shape() == Shape{0, 3, 4});
  check_close(Permute({.dims = {2, 1}})(x), transpose(x, {0, 2, 1}), 0);
  check_close(RepeatVector({.n = 2})(tensor({{1.0, 2.0}})),
              tensor({{1.0, 2.0}, {1.0, 2.0}}).reshaped({1, 2, 2}), 0);
  CHECK(message_of([&] { Reshape({.target_shape = {5, any}, .name = "r"})(x); }) ==
        "Reshape \"r\": target_shape [5, -1] doesn't hold the 12 elements of each of (2, 3, 4)");
  CHECK(message_of([] { Reshape({.target_shape = {any, any}, .name = "r"}); }) ==
        "Reshape \"r\": target_shape has at most 5 sizes, one of which may be -1, got [-1, -1]");
  CHECK(message_of([] {
          Reshape({.target_shape = {std::int64_t{1} << 62, 4, any}, .name = "r"});
        }) == "Reshape \"r\": target_shape [4611686018427387904, 4, -1] has more elements than 64 "
              "bits count");
  CHECK(message_of([] { Permute({.dims = {1, 3}, .name = "p"}); }) ==
        "Permute \"p\": dims are 1 to their number, each once, got [1, 3]");
  CHECK(message_of([&] { Permute({.dims = {1}, .name = "p"})(x); }) ==
        "Permute \"p\": dims [1] are not the axes after the batch of input (2, 3, 4)");
  CHECK(message_of([] { RepeatVector({.n = 0, .name = "r"}); }) ==
        "RepeatVector \"r\": n is at least 1, got 0");
}

TEST_CASE("An activation may be a layer, whose weights are those of the layer that has it") {
  const Tensor x = normals({2, 3, 4}, 1);
  const Tensor mask = mask_of({{true, true, false}, {true, false, true}});
  const auto leaky = LeakyReLU({.negative_slope = 0.1, .name = "leaky"});
  const auto smooth = Activation({.activation = sigmoid, .name = "s"});
  check_layer(Dense({.units = 3, .activation = smooth}), {x},
              {.weights = {"kernel", "bias"}, .mask = mask, .call = {.mask = {mask}}});
  const auto slopes = PReLU({.alpha_initializer = Ones(), .name = "p"});
  check_layer(Dense({.units = 3, .activation = slopes}), {x},
              {.weights = {"kernel", "bias", "p/alpha"}});
  check_layer(Conv1D({.filters = 2, .kernel_size = 2, .activation = smooth}), {x},
              {.weights = {"kernel", "bias"}});
  check_layer(GRU({.units = 2, .activation = smooth, .recurrent_activation = smooth}), {x},
              {.weights = {"kernel", "recurrent_kernel", "bias"}});
  const auto others =
      PReLU({.alpha_initializer = Ones(), .shared_axes = {1}, .name = "p"});
  check_layer(Activation({.activation = others}), {x}, {.weights = {"p/alpha"}});
  const Tensor y = Dense({.units = 4, .activation = leaky, .kernel_initializer = Identity()})(x);
  check_close(y, leaky_relu(x, 0.1), 1e-6);
  const Config config = Dense({.units = 3, .activation = leaky}).config()["activation"];
  CHECK(config["class_name"].str() == "\"LeakyReLU\"");
  CHECK(config["config"]["negative_slope"].str() == "0.1");
  CHECK(message_of([] { Dense({.units = 1, .activation = Layer()}); }) ==
        "layer: the handle is empty, made without an object or moved from");
}
