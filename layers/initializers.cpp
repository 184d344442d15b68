#include <kindling/layers/initializers.h>

#include <cmath>
#include <utility>

#include <kindling/tensor/fail.h>
#include <kindling/tensor/random.h>

namespace kindling {
namespace {

void fields_of(Fields& f, RandomUniformOptions& o) {
  f("minval", o.minval);
  f("maxval", o.maxval);
  f("seed", o.seed);
}
void fields_of(Fields& f, RandomNormalOptions& o) {
  f("mean", o.mean);
  f("stddev", o.stddev);
  f("seed", o.seed);
}
void fields_of(Fields& f, SeedOptions& o) { f("seed", o.seed); }
void fields_of(Fields& f, ConstantOptions& o) { f("value", o.value); }

template <class Options>
Config config_of(Options options) {
  Config config{Config::Map()};
  Fields f(config);
  fields_of(f, options);
  return config;
}

template <class Options>
Options options_of(const Config& config, const std::string& who) {
  Options options;
  Fields f(config, who);
  fields_of(f, options);
  f.finish();
  return options;
}

std::pair<double, double> fans(const Shape& shape) {
  if (shape.rank() == 0) return {1, 1};
  if (shape.rank() == 1) return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
  const double field = static_cast<double>(shape.elements()) /
                       static_cast<double>(std::max<std::int64_t>(1, shape[-1] * shape[-2]));
  return {field * static_cast<double>(shape[-2]), field * static_cast<double>(shape[-1])};
}

}  // namespace

Initializer::Initializer(std::string class_name, Config config, Make make)
    : class_name_(std::move(class_name)), config_(std::move(config)), make_(std::move(make)) {}

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

Config to_config(const Initializer& initializer) {
  return Config::Map{{"class_name", initializer.class_name_}, {"config", initializer.config_}};
}

void from_config(const Config& config, Initializer& initializer, const std::string& what) {
  const std::string& class_name =
      config.is_string() ? config.as_string(what) : config["class_name"].as_string(what);
  const Config empty{Config::Map()};
  const Config& inner = config.is_map() && config["config"].is_map() ? config["config"] : empty;
  if (class_name == "Zeros") {
    initializer = Zeros();
  } else if (class_name == "Ones") {
    initializer = Ones();
  } else if (class_name == "Constant") {
    initializer = Constant(options_of<ConstantOptions>(inner, what));
  } else if (class_name == "RandomUniform") {
    initializer = RandomUniform(options_of<RandomUniformOptions>(inner, what));
  } else if (class_name == "RandomNormal") {
    initializer = RandomNormal(options_of<RandomNormalOptions>(inner, what));
  } else if (class_name == "GlorotUniform") {
    initializer = GlorotUniform(options_of<SeedOptions>(inner, what));
  } else {
    fail("{}: one of Zeros, Ones, Constant, RandomUniform, RandomNormal, GlorotUniform is needed, "
         "got \"{}\"", what, class_name);
  }
}

}  // namespace kindling
