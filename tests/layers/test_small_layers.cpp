// Activation, Flatten, NotEqual and GlobalAveragePooling1D.
#include <kindling/layers/activation.h>
#include <kindling/layers/flatten.h>
#include <kindling/layers/global_average_pooling1d.h>
#include <kindling/layers/not_equal.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

TEST_CASE("Activation, by function and by name") {
  const char* names[] = {"linear", "relu",    "relu6",        "leaky_relu", "elu",      "selu",
                         "gelu",   "silu",    "swish",        "mish",       "sigmoid",  "softmax",
                         "tanh",   "softplus", "hard_sigmoid", "softsign",  "exponential",
                         "log_softmax"};
  Tensor x = normals({2, 5}, 1);
  for (float& v : x.mutable_floats()) v += v < 0 ? -0.1f : 0.1f;  // no corner within a step
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
        "activation: one of linear, relu, relu6, leaky_relu, elu, selu, gelu, silu, swish, mish, "
        "sigmoid, hard_sigmoid, tanh, softplus, softsign, exponential, softmax, log_softmax, third "
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

TEST_CASE("GlobalAveragePooling1D takes a mask of steps wherever these are") {
  const Tensor x = normals({2, 4, 3}, 1);
  const Tensor mask = mask_of({{true, false, true}, {false, true, true}});
  const auto pool = GlobalAveragePooling1D({.data_format = DataFormat::channels_first});
  check_close(pool(x, {.mask = {mask}}), mean_over_steps(transpose(x, {0, 2, 1}), mask), 0);
}

TEST_CASE("GlobalAveragePooling1D, with and without a mask") {
  const Tensor x = normals({2, 3, 4}, 1);
  const Tensor mask = mask_of({{true, true, false}, {false, false, true}});
  for (const bool keepdims : {false, true}) {
    for (const DataFormat format : {DataFormat::channels_last, DataFormat::channels_first}) {
      const auto pooling = [&] {
        return GlobalAveragePooling1D({.data_format = format, .keepdims = keepdims});
      };
      check_layer(pooling(), {x});
      if (format == DataFormat::channels_last) {
        check_layer(pooling(), {x}, {.call = {.mask = {mask}}});
      }
    }
  }
  const auto pooling = GlobalAveragePooling1D({.name = "pool"});
  check_close(pooling(tensor({{1.0, 2.0}, {3.0, 6.0}}).reshaped({1, 2, 2})), tensor({{2.0, 4.0}}));
  check_close(pooling(x, {.mask = {mask_of({{false, true, false}, {false, false, false}})}}),
              concatenate({slice(slice(x, 0, 0, 1), 1, 1, 2).reshaped({1, 4}), zeros({1, 4})}, 0));
  CHECK(message_of([&] { pooling(zeros({2, 3})); }) ==
        "GlobalAveragePooling1D \"pool\": input is (batch, steps, channels), got (2, 3)");
  CHECK(message_of([] {
          GlobalAveragePooling1D({.data_format = DataFormat::channels_first, .name = "pool"})(
              zeros({2, 3}));
        }) == "GlobalAveragePooling1D \"pool\": input is (batch, channels, steps), got (2, 3)");
  CHECK(message_of([&] { pooling(x, {.mask = {cast(ones({2}), DType::boolean)}}); }) ==
        "GlobalAveragePooling1D \"pool\": a mask is (batch, steps), got (2,) [input (2, 3, 4)]");
  CHECK(message_of([&] { pooling({x, x}); }) ==
        "GlobalAveragePooling1D \"pool\": takes 1 input, got 2");
}
