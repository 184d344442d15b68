#include <kindling/layers/conv1d.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

TEST_CASE("Conv1D with every padding, stride, dilation and grouping") {
  const Expected both{.weights = {"kernel", "bias"}};
  for (const Padding padding : {Padding::valid, Padding::same, Padding::causal}) {
    for (const std::int64_t kernel : {1, 2, 3, 4}) {
      check_layer(Conv1D({.filters = 2, .kernel_size = kernel, .padding = padding}),
                  {normals({2, 6, 3}, 1)}, both);
    }
    for (const std::int64_t strides : {2, 3, 5}) {
      check_layer(Conv1D({.filters = 2, .kernel_size = 3, .strides = strides,
                          .padding = padding}), {normals({2, 8, 2}, 2)}, both);
    }
    check_layer(Conv1D({.filters = 2, .kernel_size = 3, .padding = padding, .dilation_rate = 3}),
                {normals({1, 9, 2}, 3)}, both);
    check_layer(Conv1D({.filters = 4, .kernel_size = 3, .padding = padding, .groups = 2}),
                {normals({2, 5, 4}, 4)}, both);
    check_layer(Conv1D({.filters = 3, .kernel_size = 2, .padding = padding,
                        .activation = sigmoid, .use_bias = false}),
                {normals({2, 5, 2}, 5)}, {.weights = {"kernel"}});
  }
  check_layer(Conv1D({.filters = 6, .kernel_size = 2, .strides = 2, .groups = 3,
                      .activation = "tanh", .kernel_initializer = RandomNormal({.stddev = 1}),
                      .bias_initializer = RandomUniform(), .name = "all"}),
              {normals({2, 7, 3}, 6)}, both);
}

namespace {

// A kernel of ones over a ramp: sums of what each window shows.
std::vector<double> windows(const Conv1DOptions& options, std::int64_t steps) {
  Conv1DOptions o = options;
  o.kernel_initializer = Ones();
  const Tensor ramp = cast(arange(steps + 1), DType::float32);
  return numbers(Conv1D(o)(slice(ramp, 0, 1, steps + 1).reshaped({1, steps, 1})));
}

}  // namespace

TEST_CASE("Conv1D pads as Keras does") {
  using Numbers = std::vector<double>;
  const auto options = [](Padding padding, std::int64_t strides, std::int64_t dilation) {
    return Conv1DOptions{.filters = 1, .kernel_size = 4, .strides = strides, .padding = padding,
                         .dilation_rate = dilation};
  };
  CHECK(windows(options(Padding::valid, 1, 1), 6) == Numbers{10, 14, 18});
  CHECK(windows(options(Padding::same, 1, 1), 6) == Numbers{6, 10, 14, 18, 15, 11});
  CHECK(windows(options(Padding::causal, 1, 1), 6) == Numbers{1, 3, 6, 10, 14, 18});
  CHECK(windows(options(Padding::same, 2, 1), 6) == Numbers{6, 14, 15});
  CHECK(windows(options(Padding::same, 3, 1), 6) == Numbers{10, 15});
  CHECK(windows(options(Padding::same, 5, 1), 6) == Numbers{6, 11});
  CHECK(windows(options(Padding::causal, 1, 2), 6) == Numbers{1, 2, 4, 6, 9, 12});
  CHECK(windows(options(Padding::same, 1, 1), 1) == Numbers{1});
}

TEST_CASE("No steps give no steps") {
  for (const Padding padding : {Padding::same, Padding::causal}) {
    for (const std::int64_t strides : {1, 2, 3, 5}) {
      check_layer(Conv1D({.filters = 2, .kernel_size = 4, .strides = strides, .padding = padding}),
                  {zeros({2, 0, 3})}, {.weights = {"kernel", "bias"}});
    }
  }
}

TEST_CASE("Conv1D's mask ends here") {
  const Warnings warnings;
  const Tensor mask = mask_of({{true, true, false}});
  check_layer(Conv1D({.filters = 2, .kernel_size = 2, .padding = Padding::same}),
              {normals({1, 3, 2}, 1)},
              {.weights = {"kernel", "bias"}, .call = {.mask = {mask}}});
}

TEST_CASE("Conv1D refuses options that make no sense or exclude each other") {
  CHECK(message_of([] { Conv1D({.filters = 0, .kernel_size = 4, .name = "c"}); }) ==
        "Conv1D \"c\": filters, kernel_size, strides, dilation_rate and groups are at least 1, "
        "got 0, 4, 1, 1 and 1");
  CHECK(message_of([] { Conv1D({.filters = 2, .kernel_size = 2, .strides = -1, .name = "c"}); }) ==
        "Conv1D \"c\": filters, kernel_size, strides, dilation_rate and groups are at least 1, "
        "got 2, 2, -1, 1 and 1");
  CHECK(message_of([] {
          Conv1D({.filters = 2, .kernel_size = 2, .strides = 2, .dilation_rate = 3, .name = "c"});
        }) == "Conv1D \"c\": strides and dilation_rate exclude each other above 1, got 2 and 3");
  CHECK(message_of([] { Conv1D({.filters = 5, .kernel_size = 2, .groups = 2, .name = "c"}); }) ==
        "Conv1D \"c\": groups must divide filters, got 2 and 5");
}

TEST_CASE("Conv1D says what doesn't fit") {
  const auto conv = Conv1D({.filters = 100, .kernel_size = 4, .name = "cnn_layer"});
  CHECK(message_of([&] { conv(zeros({2, 6})); }) ==
        "Conv1D \"cnn_layer\": input is (batch, steps, channels), got (2, 6)");
  CHECK(message_of([&] { conv(Input({.shape = {any, any}})); }) ==
        "Conv1D \"cnn_layer\": the number of channels must be known, got (None, None, None)");
  CHECK(message_of([&] { conv(zeros({2, 3, 5})); }) ==
        "Conv1D \"cnn_layer\": padding \"valid\" needs at least 4 steps, got input (2, 3, 5); "
        "padding \"same\" takes any");
  CHECK_FALSE(conv.built());
  conv(zeros({2, 6, 3}));
  CHECK(message_of([&] { conv(zeros({2, 6, 7})); }) ==
        "Conv1D \"cnn_layer\": kernel (4, 3, 100) was built for 3 channels, got input (2, 6, 7)");
  CHECK(message_of([&] { conv({zeros({2, 6, 3}), zeros({2, 6, 3})}); }) ==
        "Conv1D \"cnn_layer\": takes 1 input, got 2");
  const auto grouped = Conv1D({.filters = 4, .kernel_size = 2, .groups = 2, .name = "g"});
  CHECK(message_of([&] { grouped(zeros({2, 6, 3})); }) ==
        "Conv1D \"g\": groups must divide the channels, got 2 and 3 [input (2, 6, 3)]");
  CHECK(message_of([] {
          layer_from_config("Conv1D", Config::Map{{"name", "c"}, {"filters", 2},
                                                  {"kernel_size", 3},
                                                  {"data_format", "channels_first"}});
        }) == "Conv1D \"c\": data_format: only \"channels_last\" is supported, got "
              "\"channels_first\"");
}
