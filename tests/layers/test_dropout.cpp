#include <kindling/layers/dropout.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

TEST_CASE("Dropout does nothing outside training") {
  const Tensor mask = cast(ones({2, 3}), DType::boolean);
  check_layer(Dropout({.rate = 0.5}), {normals({2, 3, 4}, 1)},
              {.mask = mask, .call = {.mask = {mask}}});
  check_layer(Dropout({.rate = 0}), {normals({2, 3}, 1)}, {.call = {.training = true}});
  const Tensor x = normals({2, 3}, 1);
  CHECK(same_bits(Dropout({.rate = 0.9})(x), x));
  CHECK(same_bits(Dropout({.rate = 0.9})(x, {.training = false}), x));
}

TEST_CASE("In training a fraction goes, the others are scaled up by as much") {
  for (const double rate : {0.1, 0.5, 0.8}) {
    const auto dropout = Dropout({.rate = rate, .seed = 7});
    const Tensor y = dropout(full({100, 200}, 3), {.training = true});
    int gone = 0;
    for (const float v : y.floats()) {
      gone += v == 0 ? 1 : 0;
      if (v != 0) CHECK(v == Approx(3 / (1 - rate)));
    }
    CHECK(gone == Approx(20000 * rate).margin(300));
  }
}

TEST_CASE("SpatialDropout1D drops whole channels") {
  check_layer(SpatialDropout1D({.rate = 0.5}), {normals({2, 3, 4}, 1)});
  const auto spatial = SpatialDropout1D({.rate = 0.5, .seed = 7});
  const Tensor y = spatial(ones({20, 3, 40}), {.training = true});
  check_close(y, broadcast_to(slice(y, 1, 0, 1), y.shape()), 0);
  CHECK(sum(slice(y, 1, 0, 1)).item() == Approx(800).margin(100));
  CHECK(message_of([] { SpatialDropout1D({.rate = 0.5, .name = "s"})(zeros({2, 3})); }) ==
        "SpatialDropout1D \"s\": input is (batch, steps, channels), got (2, 3)");
}

TEST_CASE("Gradients go where numbers went") {
  const auto dropout = Dropout({.rate = 0.5, .seed = 1});
  const Tensor x = variable(ones({10, 10}));
  const Tensor y = dropout(x, {.training = true});
  backward(sum(y));
  check_close(grad(x), stop_gradient(y), 0);
}

TEST_CASE("A seed repeats dropout, and each call draws anew") {
  const Tensor x = ones({50});
  const auto train = [&](const Dropout& dropout) { return dropout(x, {.training = true}); };
  const auto one = Dropout({.rate = 0.5, .seed = 4}), two = Dropout({.rate = 0.5, .seed = 4});
  const Tensor first = train(one);
  CHECK(same_bits(first, train(two)));
  CHECK_FALSE(same_bits(first, train(one)));
  CHECK_FALSE(same_bits(first, train(Dropout({.rate = 0.5, .seed = 5}))));
  set_random_seed(3);
  const Tensor global = train(Dropout({.rate = 0.5}));
  CHECK_FALSE(same_bits(global, train(Dropout({.rate = 0.5}))));
  set_random_seed(3);
  CHECK(same_bits(global, train(Dropout({.rate = 0.5}))));
}

TEST_CASE("Training is told by the call, else by the scope") {
  const Tensor x = ones({200});
  const auto dropout = Dropout({.rate = 0.5, .seed = 1});
  const auto drops = [&](const CallOptions& options) { return !same_bits(dropout(x, options), x); };
  CHECK_FALSE(drops({}));
  CHECK(drops({.training = true}));
  {
    const TrainingScope training(true);
    CHECK(drops({}));
    CHECK_FALSE(drops({.training = false}));
    {
      const TrainingScope inference(false);
      CHECK_FALSE(drops({}));
    }
    CHECK(drops({}));
  }
  CHECK_FALSE(drops({}));
  // In a model, the model's.
  const auto input = Input({.shape = {200}});
  const auto model = Functional({.inputs = {input}, .outputs = {dropout(input)}});
  const Tensor row = x.reshaped({1, 200});
  CHECK(same_bits(model(row), row));
  CHECK_FALSE(same_bits(model(row, {.training = true}), row));
  const auto always =
      Functional({.inputs = {input}, .outputs = {dropout(input, {.training = true})}});
  CHECK_FALSE(same_bits(always(row), row));
}

TEST_CASE("Dropout's rate is in [0, 1)") {
  CHECK(message_of([] { Dropout({.rate = 1, .name = "d"}); }) ==
        "Dropout \"d\": rate is in [0, 1), got 1");
  CHECK(message_of([] { Dropout({.rate = -0.5, .name = "d"}); }) ==
        "Dropout \"d\": rate is in [0, 1), got -0.5");
  CHECK(message_of([] { Dropout({.rate = NAN, .name = "d"}); }) ==
        "Dropout \"d\": rate is in [0, 1), got nan");
  CHECK(message_of([] { Dropout({.rate = 0.5, .name = "d"})({ones({2}), ones({2})}); }) ==
        "Dropout \"d\": takes 1 input, got 2");
}
