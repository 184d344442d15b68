// What new weights are filled with.
#include <kindling/layers/initializers.h>
#include <kindling/tensor/random.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

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
  check_uniform(HeUniform(), {100, 30}, std::sqrt(6.0 / 100));
  check_uniform(LecunUniform(), {4, 50, 30}, std::sqrt(3.0 / 200));
  check_uniform(VarianceScaling({.scale = 3, .mode = FanMode::fan_out,
                                 .distribution = Distribution::uniform}), {100, 30},
                std::sqrt(9.0 / 30));
}

TEST_CASE("Normal initialisers have the deviation they say, truncated ones an end") {
  const double cut = 0.87962566103423978;  // of numbers that end at two standard deviations
  const struct {
    Initializer initializer;
    double deviation, end;
  } cases[] = {
      {TruncatedNormal({.stddev = 0.5, .seed = 1}), 0.5 * cut, 1},
      {GlorotNormal({.seed = 1}), std::sqrt(2.0 / 250), std::sqrt(2.0 / 250) / cut * 2},
      {HeNormal({.seed = 1}), std::sqrt(2.0 / 200), std::sqrt(2.0 / 200) / cut * 2},
      {LecunNormal({.seed = 1}), std::sqrt(1.0 / 200), std::sqrt(1.0 / 200) / cut * 2},
      {VarianceScaling({.scale = 2, .mode = FanMode::fan_out,
                        .distribution = Distribution::untruncated_normal, .seed = 1}),
       std::sqrt(2.0 / 50), 6 * std::sqrt(2.0 / 50)}};
  for (const auto& c : cases) {
    const Range range = range_of(c.initializer, {200, 50});
    CHECK(range.mean == Approx(0).margin(0.03 * c.deviation));
    CHECK(range.deviation == Approx(c.deviation).epsilon(0.02));
    CHECK(range.high <= c.end);
    CHECK(range.low >= -c.end);
    CHECK(range.high > 0.9 * std::min(c.end, 3.5 * c.deviation));
  }
  CHECK(range_of(TruncatedNormal({.mean = 3, .stddev = 0.1}), {900}).mean ==
        Approx(3).margin(0.02));
  CHECK(message_of([] { VarianceScaling({.scale = 0}); }) ==
        "VarianceScaling: scale is above 0 and finite, got 0");
}

TEST_CASE("Orthogonal and Identity") {
  const Initializer orthogonal = Orthogonal({.gain = 2, .seed = 3});
  for (const Shape& shape : {Shape{5, 5}, Shape{40, 7}, Shape{7, 40}, Shape{2, 3, 4}}) {
    const Tensor q = orthogonal(shape).reshaped({shape.outer(-1), shape[-1]});
    const bool tall = q.size(0) > q.size(1);
    const Tensor products = matmul(q, q, {.transpose_a = tall, .transpose_b = !tall});
    check_close(products, Identity({.gain = 4})(products.shape()), 1e-6);
  }
  // Neither sign is preferred: the R of the decomposition has a positive diagonal.
  int positive = 0;
  for (int seed = 0; seed < 200; ++seed) {
    positive += numbers(Orthogonal({.seed = seed})({2, 2}))[0] > 0 ? 1 : 0;
  }
  CHECK(positive == Approx(100).margin(25));
  check_close(Identity({.gain = 3})({2, 3}), tensor({{3.0, 0.0, 0.0}, {0.0, 3.0, 0.0}}), 0);
  CHECK(message_of([] { Orthogonal()({3}); }) ==
        "Orthogonal: a weight of two axes or more is needed, got (3,)");
  CHECK(message_of([] { Identity()({3, 2, 2}); }) ==
        "Identity: a weight of two axes is needed, got (3, 2, 2)");
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
                             GlorotUniform({.seed = 7}), GlorotNormal({.seed = 7}),
                             HeNormal({.seed = 7}), HeUniform({.seed = 7}),
                             LecunNormal({.seed = 7}), LecunUniform({.seed = 7}),
                             TruncatedNormal({.mean = 1, .seed = 8}),
                             VarianceScaling({.scale = 2, .mode = FanMode::fan_avg, .seed = 9}),
                             Orthogonal({.gain = 2, .seed = 1}), Identity({.gain = 2})};
  for (const Initializer& initializer : all) {
    Initializer again = Zeros();
    from_config(to_config(initializer), again, "test");
    CHECK(same_bits(again({3, 4}), initializer({3, 4})));
    CHECK(layer_check::same(to_config(again), to_config(initializer)));
  }
  for (const char* name : {"Ones", "ones"}) {
    Initializer by_name = Zeros();
    from_config(name, by_name, "test");
    CHECK(same_bits(by_name({2}), ones({2})));
    CHECK(same_bits(Initializer(name)({2}), ones({2})));
  }
  for (const char* name : {"he_normal", "lecun_uniform", "orthogonal", "uniform", "normal"}) {
    CHECK(Initializer(name)({3, 4}).shape() == Shape{3, 4});
  }
  // As Keras writes it.
  Initializer read;
  from_config(Config::Map{{"module", "keras.initializers"}, {"class_name", "VarianceScaling"},
                          {"config", Config::Map{{"distribution", "normal"}, {"seed", Config()}}},
                          {"registered_name", Config()}}, read, "test");
  CHECK(to_config(read)["config"]["distribution"].str() == "\"truncated_normal\"");
  CHECK(message_of([] { Initializer("he"); }).starts_with("initializer: one of Constant, "));
}

TEST_CASE("Options of initializers are checked") {
  const double nan = static_cast<double>(NAN);
  CHECK(message_of([&] { RandomNormal({.stddev = -1}); }) ==
        "RandomNormal: stddev is at least 0, both it and mean are finite, got -1 and 0");
  CHECK(message_of([&] { TruncatedNormal({.mean = nan}); }) ==
        "TruncatedNormal: stddev is at least 0, both it and mean are finite, got 0.05 and nan");
  CHECK(message_of([&] { RandomUniform({.minval = 1, .maxval = 0}); }) ==
        "RandomUniform: minval is at most maxval, both are finite, got 1 and 0");
  CHECK(message_of([&] { VarianceScaling({.scale = static_cast<double>(INFINITY)}); }) ==
        "VarianceScaling: scale is above 0 and finite, got inf");
  CHECK(message_of([&] { Orthogonal({.gain = nan}); }) == "Orthogonal: gain is finite, got nan");
  CHECK(message_of([&] { Identity({.gain = nan}); }) == "Identity: gain is finite, got nan");
}
