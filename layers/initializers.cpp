#include <kindling/layers/initializers.h>

#include <cmath>
#include <numeric>
#include <utility>

#include <kindling/autograd/shaping.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/random.h>

namespace kindling {
static void fields_of(Fields& f, RandomUniformOptions& o) {
  f("minval", o.minval);
  f("maxval", o.maxval);
  f("seed", o.seed);
}
static void fields_of(Fields& f, RandomNormalOptions& o) {
  f("mean", o.mean);
  f("stddev", o.stddev);
  f("seed", o.seed);
}
static void fields_of(Fields& f, SeedOptions& o) { f("seed", o.seed); }
static void fields_of(Fields& f, ConstantOptions& o) { f("value", o.value); }

static void fields_of(Fields& f, OrthogonalOptions& o) {
  f("gain", o.gain);
  f("seed", o.seed);
}

namespace {

std::pair<double, double> fans(const Shape& shape) {
  if (shape.rank() == 0) return {1, 1};
  if (shape.rank() == 1) return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
  const double field = static_cast<double>(shape.elements()) /
                       static_cast<double>(std::max<std::int64_t>(1, shape[-1] * shape[-2]));
  return {field * static_cast<double>(shape[-2]), field * static_cast<double>(shape[-1])};
}

}  // namespace

Initializer Zeros() { return Initializer("Zeros", Config::Map(), zeros); }
Initializer Ones() { return Initializer("Ones", Config::Map(), ones); }

Initializer Constant(const ConstantOptions& options) {
  return Initializer("Constant", config_of(options),
                     [options](const Shape& shape) { return full(shape, options.value); });
}

Initializer RandomUniform(const RandomUniformOptions& options) {
  return Initializer("RandomUniform", config_of(options), [options](const Shape& shape) {
    Generator generator = seeded_generator(options.seed);
    return random_uniform(shape, options.minval, options.maxval, generator);
  });
}

Initializer RandomNormal(const RandomNormalOptions& options) {
  return Initializer("RandomNormal", config_of(options), [options](const Shape& shape) {
    Generator generator = seeded_generator(options.seed);
    return random_normal(shape, options.mean, options.stddev, generator);
  });
}

Initializer GlorotUniform(const SeedOptions& options) {
  return Initializer("GlorotUniform", config_of(options), [options](const Shape& shape) {
    Generator generator = seeded_generator(options.seed);
    const auto [fan_in, fan_out] = fans(shape);
    const double limit = std::sqrt(6 / std::max(1.0, fan_in + fan_out));
    return random_uniform(shape, -limit, limit, generator);
  });
}

// Gram and Schmidt, row by row of the longer side.
Initializer Orthogonal(const OrthogonalOptions& options) {
  return Initializer("Orthogonal", config_of(options), [options](const Shape& shape) {
    Generator generator = seeded_generator(options.seed);
    const std::int64_t columns = shape[-1], rows = shape.elements() / columns;
    const std::int64_t count = std::min(rows, columns), length = std::max(rows, columns);
    Tensor q = random_normal({count, length}, 0, 1, generator);
    float* const all = q.mutable_floats().data();
    for (std::int64_t i = 0; i < count; ++i) {
      float* const row = all + i * length;
      for (std::int64_t j = 0; j <= i; ++j) {  // (until the real one comes)
        const float* const other = all + j * length;
        const double product = std::inner_product(row, row + length, other, 0.0);
        for (std::int64_t k = 0; k < length; ++k) {
          row[k] = static_cast<float>(j < i ? static_cast<double>(row[k]) - product * static_cast<double>(other[k])
                                            : options.gain * static_cast<double>(row[k]) / std::sqrt(product));
        }
      }
    }
    return (rows > columns ? transpose(q, {1, 0}) : q).reshaped(shape);
  });
}

void from_config(const Config& config, Initializer& initializer, const std::string& what) {
  static const NamedFunctions<InitializerKind> kinds = {
      {"Constant", made_from<ConstantOptions, Constant>},
      {"GlorotUniform", made_from<SeedOptions, GlorotUniform>},
      {"Orthogonal", made_from<OrthogonalOptions, Orthogonal>},
      {"Ones", [](auto&, auto&) { return Ones(); }},
      {"RandomNormal", made_from<RandomNormalOptions, RandomNormal>},
      {"RandomUniform", made_from<RandomUniformOptions, RandomUniform>},
      {"Zeros", [](auto&, auto&) { return Zeros(); }},
  };
  initializer = function_from_config(config, what, kinds);
}

}  // namespace kindling
