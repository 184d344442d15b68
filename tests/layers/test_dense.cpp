#include <kindling/layers/dense.h>
#include <kindling/layers/time_distributed.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

TEST_CASE("Dense is a matrix product, a bias and an activation") {
  check_layer(Dense({.units = 3}), {normals({2, 5}, 1)}, {.weights = {"kernel", "bias"}});
  check_layer(Dense({.units = 3, .use_bias = false}), {normals({2, 5}, 1)},
              {.weights = {"kernel"}});
  check_layer(Dense({.units = 2, .activation = tanh}), {normals({2, 4, 5}, 1)},
              {.weights = {"kernel", "bias"}});
  check_layer(Dense({.units = 4, .activation = "softmax"}), {normals({2, 2, 3, 2}, 1)},
              {.weights = {"kernel", "bias"}});
  check_layer(Dense({.units = 1, .activation = sigmoid,
                     .kernel_initializer = RandomNormal({.stddev = 1, .seed = 3}),
                     .bias_initializer = Constant({.value = 0.1}), .name = "score"}),
              {normals({3, 2}, 1)}, {.weights = {"kernel", "bias"}});
}

TEST_CASE("Dense computes what its formula says") {
  const auto dense = Dense({.units = 2, .activation = relu,
                            .kernel_initializer = Constant({.value = 2}),
                            .bias_initializer = Constant({.value = -1})});
  check_close(dense(tensor({{1.0, 2.0}, {0.25, 0.125}})), tensor({{5.0, 5.0}, {0.0, 0.0}}));
  CHECK(dense.count_params() == 6);
  CHECK(dense.weights()[0].value.shape() == Shape{2, 2});
}

TEST_CASE("Dense passes a mask on") {
  const Tensor mask = mask_of({{true, true, false}, {true, false, false}});
  check_layer(Dense({.units = 2}), {normals({2, 3, 4}, 1)},
              {.weights = {"kernel", "bias"}, .mask = mask, .call = {.mask = {mask}}});
}

TEST_CASE("Dense says what doesn't fit") {
  CHECK(message_of([] { Dense({.units = 0, .name = "d"}); }) ==
        "Dense \"d\": units is at least 1, got 0");
  const auto dense = Dense({.units = 3, .name = "hidden"});
  CHECK(message_of([&] { dense(zeros({5})); }) ==
        "Dense \"hidden\": input is (batch, ..., channels), got (5,)");
  CHECK(message_of([&] { dense(Input({.shape = {any}})); }) ==
        "Dense \"hidden\": the number of channels must be known, got (None, None)");
  CHECK_FALSE(dense.built());
  dense(zeros({2, 5}));
  CHECK(message_of([&] { dense(zeros({2, 6})); }) ==
        "Dense \"hidden\": kernel (5, 3) was built for 5 channels, got input (2, 6)");
  CHECK(message_of([&] { dense(Input({.shape = {6}})); }) ==
        "Dense \"hidden\": kernel (5, 3) was built for 5 channels, got input (None, 6)");
  CHECK(message_of([&] { dense({zeros({2, 5}), zeros({2, 5})}); }) ==
        "Dense \"hidden\": takes 1 input, got 2");
  CHECK(message_of([&] { dense(arange(10).reshaped({2, 5})); }) ==
        "Dense \"hidden\": dense: float32 is needed, got int32 (2, 5)");
  const auto inside = TimeDistributed({.layer = dense});
  CHECK(message_of([&] { inside(arange(10).reshaped({1, 2, 5})); }) ==
        "Dense \"hidden\": dense: float32 is needed, got int32 (2, 5)");
}
