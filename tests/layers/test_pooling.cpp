// Pooling over the steps of a sequence, windows of them or all.
#include <kindling/layers/global_pooling1d.h>
#include <kindling/layers/pooling1d.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

TEST_CASE("Pooling layers slide a window over the steps") {
  const Tensor x = tensor_of({2, 7, 3}, [](const Index& at) {  // far apart: no corner nearby
    return std::fmod(7.5 * static_cast<double>(at[0] * 21 + at[1] * 3 + at[2]), 23.25);
  });
  for (const DataFormat format : {DataFormat::channels_last, DataFormat::channels_first}) {
    for (const Padding padding : {Padding::valid, Padding::same}) {
      const Pooling1DOptions options[] = {
          {.padding = padding, .data_format = format},
          {.pool_size = 3, .strides = 2, .padding = padding, .data_format = format},
          {.pool_size = 3, .strides = 1, .padding = padding, .data_format = format}};
      for (const Pooling1DOptions& o : options) {
        check_layer(MaxPooling1D(o), {x});
        check_layer(AveragePooling1D(o), {x});
      }
    }
  }
  const auto values = [](const Layer& layer) {
    return numbers(layer(tensor({{1.0, 5.0, 2.0, 4.0, 9.0}}).reshaped({1, 5, 1})));
  };
  using Numbers = std::vector<double>;
  CHECK(values(MaxPooling1D()) == Numbers{5, 4});
  CHECK(values(MaxPooling1D({.padding = Padding::same})) == Numbers{5, 4, 9});
  CHECK(values(AveragePooling1D({.padding = Padding::same})) == Numbers{3, 3, 9});
  CHECK(values(AveragePooling1D({.pool_size = 3, .strides = 1, .padding = Padding::same})) ==
        Numbers{3, 8 / 3.0f, 11 / 3.0f, 5, 6.5});
  CHECK(MaxPooling1D({.padding = Padding::same})(zeros({2, 0, 3})).shape() == Shape{2, 0, 3});
}

TEST_CASE("The first of equal largest steps in a window gets the gradient") {
  const Tensor x = variable(tensor({{1.0, 2.0, 2.0, 2.0, 0.0}}).reshaped({1, 5, 1}));
  backward(sum(MaxPooling1D({.pool_size = 3, .strides = 1})(x)));
  CHECK(numbers(grad(x)) == std::vector<double>{0, 2, 1, 0, 0});
}

TEST_CASE("Pooling layers say what doesn't fit") {
  CHECK(message_of([] { MaxPooling1D({.pool_size = 0, .name = "p"}); }) ==
        "MaxPooling1D \"p\": pool_size and strides are at least 1 and at most 2147483647, got 0 "
        "and 0");
  CHECK(message_of([] { AveragePooling1D({.padding = Padding::causal, .name = "p"}); }) ==
        "AveragePooling1D \"p\": padding is valid or same, got causal");
  const auto pool = MaxPooling1D({.pool_size = 3, .name = "p"});
  CHECK(message_of([&] { pool(zeros({2, 2, 5})); }) ==
        "MaxPooling1D \"p\": padding \"valid\" needs at least 3 steps, got input (2, 2, 5); "
        "padding \"same\" takes any");
  CHECK(message_of([&] { pool(zeros({2, 2})); }) ==
        "MaxPooling1D \"p\": input is (batch, steps, channels), got (2, 2)");
  CHECK(message_of([] { max_pool1d(zeros({1, 3, 1}), {.size = 2, .pad_left = 2}); }) ==
        "max_pool1d: size and stride are at least 1 and at most 2147483647, pads at least 0 and "
        "below size, got 2, 2, 2 and 0");
  CHECK(message_of([] { average_pool1d(zeros({1, 3, 1}), {.size = std::int64_t{1} << 31}); }) ==
        "average_pool1d: size and stride are at least 1 and at most 2147483647, pads at least 0 "
        "and below size, got 2147483648, 2, 0 and 0");
  CHECK(message_of([] { max_pool1d(zeros({1, 3, 1}), {.size = 5}); }) ==
        "max_pool1d: 3 steps are fewer than the window's 5 [x (1, 3, 1)]");
}

TEST_CASE("GlobalMaxPooling1D takes the largest step; a mask ends there") {
  const Tensor x = normals({2, 3, 4}, 1, 3);
  for (const bool keepdims : {false, true}) {
    for (const DataFormat format : {DataFormat::channels_last, DataFormat::channels_first}) {
      check_layer(GlobalMaxPooling1D({.data_format = format, .keepdims = keepdims}), {x});
    }
  }
  const Warnings warnings;
  const Tensor mask = mask_of({{true, true, false}, {false, false, true}});
  const auto pool = GlobalMaxPooling1D({.name = "g"});
  check_close(pool(x, {.mask = {mask}}), max(x, {.axis = {1}}), 0);
  CHECK(Warnings::list().size() == 1);
  CHECK(message_of([&] { pool(zeros({2, 0, 3})); }) ==
        "GlobalMaxPooling1D \"g\": at least one step is needed, got input (2, 0, 3)");
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
