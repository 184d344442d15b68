#include <kindling/layers/initializers.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <kindling/tensor/fail.h>
#include <kindling/tensor/random.h>

namespace kindling {
namespace {

constexpr Word<FanMode> modes[] = {{FanMode::fan_in, "fan_in"},
                                   {FanMode::fan_out, "fan_out"},
                                   {FanMode::fan_avg, "fan_avg"}};
constexpr Word<Distribution> distributions[] = {
    {Distribution::truncated_normal, "truncated_normal"},
    {Distribution::truncated_normal, "normal"},
    {Distribution::untruncated_normal, "untruncated_normal"},
    {Distribution::uniform, "uniform"}};

}  // namespace

static Config to_config(FanMode mode) { return word_of(mode, modes); }
static void from_config(const Config& config, FanMode& mode, const std::string& what) {
  read_word(config, mode, what, modes);
}
static Config to_config(Distribution d) { return word_of(d, distributions); }
static void from_config(const Config& config, Distribution& d, const std::string& what) {
  read_word(config, d, what, distributions);
}

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
static void fields_of(Fields& f, VarianceScalingOptions& o) {
  f("scale", o.scale);
  f("mode", o.mode);
  f("distribution", o.distribution);
  f("seed", o.seed);
}
static void fields_of(Fields& f, OrthogonalOptions& o) {
  f("gain", o.gain);
  f("seed", o.seed);
}
static void fields_of(Fields& f, IdentityOptions& o) { f("gain", o.gain); }
static void fields_of(Fields& f, SeedOptions& o) { f("seed", o.seed); }
static void fields_of(Fields& f, ConstantOptions& o) { f("value", o.value); }

namespace {

std::pair<double, double> fans(const Shape& shape) {
  if (shape.rank() == 0) return {1, 1};
  if (shape.rank() == 1) return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
  const double field = static_cast<double>(shape.elements()) /
                       static_cast<double>(std::max<std::int64_t>(1, shape[-1] * shape[-2]));
  return {field * static_cast<double>(shape[-2]), field * static_cast<double>(shape[-1])};
}

Tensor truncated_normal(const Shape& shape, double mean, double stddev, Generator& generator) {
  Tensor x = random_normal(shape, 0, 1, generator);
  for (float& v : x.mutable_floats()) {
    while (std::abs(v) > 2) generator.fill_normal(&v, 1, 0, 1);
    v = static_cast<float>(mean + stddev * static_cast<double>(v));
  }
  return x;
}

// An initializer of random numbers, under a name of its own.
template <class Options, class Draw>
Initializer drawn(const char* class_name, const Options& options, Draw draw) {
  return Initializer(class_name, config_of(options), [options, draw](const Shape& shape) {
    Generator generator = seeded_generator(options.seed);
    return draw(shape, generator);
  });
}

template <class Options>
Initializer scaled(const char* class_name, const Options& options, double scale, FanMode mode,
                   Distribution distribution) {
  return drawn(class_name, options, [=](const Shape& shape, Generator& generator) {
    const auto [in, out] = fans(shape);
    const double n = mode == FanMode::fan_in    ? in
                     : mode == FanMode::fan_out ? out
                                                : (in + out) / 2;
    const double variance = scale / std::max(1.0, n);
    if (distribution == Distribution::uniform) {
      const double limit = std::sqrt(3 * variance);
      return random_uniform(shape, -limit, limit, generator);
    }
    if (distribution == Distribution::untruncated_normal) {
      return random_normal(shape, 0, std::sqrt(variance), generator);
    }
    // The standard deviation of a normal number that is cut off at two of them.
    constexpr double of_cut = 0.87962566103423978;
    return truncated_normal(shape, 0, std::sqrt(variance) / of_cut, generator);
  });
}

// Rows of normal numbers, each made orthogonal to those before: Gram and Schmidt, in double. That
// is the Q of a QR decomposition whose R has a positive diagonal.
std::vector<double> orthogonal_rows(std::int64_t rows, std::int64_t width, Generator& generator) {
  const Tensor start = random_normal({rows, width}, 0, 1, generator);
  std::vector<double> q(start.floats().begin(), start.floats().end());
  const auto row = [&](std::int64_t r) { return q.begin() + r * width; };
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t before = 0; before < r; ++before) {
      const double along = std::inner_product(row(r), row(r + 1), row(before), 0.0);
      std::transform(row(r), row(r + 1), row(before), row(r),
                     [along](double v, double b) { return v - along * b; });
    }
    const double length = std::sqrt(std::inner_product(row(r), row(r + 1), row(r), 0.0));
    std::for_each(row(r), row(r + 1), [length](double& v) { v /= length; });
  }
  return q;
}

void require_rank(const char* who, bool fits, const char* what, const Shape& shape) {
  if (!fits) fail("{}: a weight of {} is needed, got {}", who, what, shape.str());
}

}  // namespace

Initializer Zeros() { return Initializer("Zeros", Config::Map(), zeros); }
Initializer Ones() { return Initializer("Ones", Config::Map(), ones); }

Initializer Constant(const ConstantOptions& options) {
  return Initializer("Constant", config_of(options),
                     [options](const Shape& shape) { return full(shape, options.value); });
}

static void check_normal(const char* who, const RandomNormalOptions& o) {
  if (!(o.stddev >= 0 && std::isfinite(o.stddev) && std::isfinite(o.mean))) {
    fail("{}: stddev is at least 0, both it and mean are finite, got {} and {}", who, o.stddev,
         o.mean);
  }
}

Initializer RandomUniform(const RandomUniformOptions& o) {
  if (!(o.minval <= o.maxval && std::isfinite(o.minval) && std::isfinite(o.maxval))) {
    fail("RandomUniform: minval is at most maxval, both are finite, got {} and {}", o.minval,
         o.maxval);
  }
  return drawn("RandomUniform", o, [o](const Shape& shape, Generator& generator) {
    return random_uniform(shape, o.minval, o.maxval, generator);
  });
}

Initializer RandomNormal(const RandomNormalOptions& o) {
  check_normal("RandomNormal", o);
  return drawn("RandomNormal", o, [o](const Shape& shape, Generator& generator) {
    return random_normal(shape, o.mean, o.stddev, generator);
  });
}

Initializer TruncatedNormal(const RandomNormalOptions& o) {
  check_normal("TruncatedNormal", o);
  return drawn("TruncatedNormal", o, [o](const Shape& shape, Generator& generator) {
    return truncated_normal(shape, o.mean, o.stddev, generator);
  });
}

Initializer VarianceScaling(const VarianceScalingOptions& o) {
  if (!(o.scale > 0 && std::isfinite(o.scale))) {
    fail("VarianceScaling: scale is above 0 and finite, got {}", o.scale);
  }
  return scaled("VarianceScaling", o, o.scale, o.mode, o.distribution);
}

Initializer GlorotUniform(const SeedOptions& o) {
  return scaled("GlorotUniform", o, 1, FanMode::fan_avg, Distribution::uniform);
}
Initializer GlorotNormal(const SeedOptions& o) {
  return scaled("GlorotNormal", o, 1, FanMode::fan_avg, Distribution::truncated_normal);
}
Initializer HeUniform(const SeedOptions& o) {
  return scaled("HeUniform", o, 2, FanMode::fan_in, Distribution::uniform);
}
Initializer HeNormal(const SeedOptions& o) {
  return scaled("HeNormal", o, 2, FanMode::fan_in, Distribution::truncated_normal);
}
Initializer LecunUniform(const SeedOptions& o) {
  return scaled("LecunUniform", o, 1, FanMode::fan_in, Distribution::uniform);
}
Initializer LecunNormal(const SeedOptions& o) {
  return scaled("LecunNormal", o, 1, FanMode::fan_in, Distribution::truncated_normal);
}

static void check_gain(const char* who, double gain) {
  if (!std::isfinite(gain)) fail("{}: gain is finite, got {}", who, gain);
}

Initializer Orthogonal(const OrthogonalOptions& o) {
  check_gain("Orthogonal", o.gain);
  return drawn("Orthogonal", o, [o](const Shape& shape, Generator& generator) {
    require_rank("Orthogonal", shape.rank() >= 2, "two axes or more", shape);
    const std::int64_t columns = shape[-1], rows = shape.outer(-1);
    const bool wide = rows < columns;
    const std::int64_t width = std::max(rows, columns);
    const std::vector<double> q = orthogonal_rows(std::min(rows, columns), width, generator);
    Tensor x = Tensor::empty(shape);
    for (std::int64_t r = 0, at = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < columns; ++c, ++at) {
        const auto from = static_cast<std::size_t>(wide ? r * width + c : c * width + r);
        x.mutable_floats()[static_cast<std::size_t>(at)] = static_cast<float>(o.gain * q[from]);
      }
    }
    return x;
  });
}

Initializer Identity(const IdentityOptions& o) {
  check_gain("Identity", o.gain);
  return Initializer("Identity", config_of(o), [o](const Shape& shape) {
    require_rank("Identity", shape.rank() == 2, "two axes", shape);
    Tensor x = zeros(shape);
    for (std::int64_t i = 0; i < std::min(shape[0], shape[1]); ++i) {
      x.mutable_floats()[static_cast<std::size_t>(i * (shape[1] + 1))] = static_cast<float>(o.gain);
    }
    return x;
  });
}

void from_config(const Config& config, Initializer& initializer, const std::string& what) {
  static const NamedFunctions<InitializerKind> kinds = {
      {"Constant", made_from<ConstantOptions, Constant>},
      {"GlorotNormal", made_from<SeedOptions, GlorotNormal>},
      {"GlorotUniform", made_from<SeedOptions, GlorotUniform>},
      {"HeNormal", made_from<SeedOptions, HeNormal>},
      {"HeUniform", made_from<SeedOptions, HeUniform>},
      {"Identity", made_from<IdentityOptions, Identity>},
      {"LecunNormal", made_from<SeedOptions, LecunNormal>},
      {"LecunUniform", made_from<SeedOptions, LecunUniform>},
      {"Ones", [](auto&, auto&) { return Ones(); }},
      {"Orthogonal", made_from<OrthogonalOptions, Orthogonal>},
      {"RandomNormal", made_from<RandomNormalOptions, RandomNormal>},
      {"RandomUniform", made_from<RandomUniformOptions, RandomUniform>},
      {"TruncatedNormal", made_from<RandomNormalOptions, TruncatedNormal>},
      {"VarianceScaling", made_from<VarianceScalingOptions, VarianceScaling>},
      {"Zeros", [](auto&, auto&) { return Zeros(); }},
      {"normal", made_from<RandomNormalOptions, RandomNormal>},
      {"uniform", made_from<RandomUniformOptions, RandomUniform>},
  };
  initializer = function_from_config(config, what, kinds);
}

}  // namespace kindling
