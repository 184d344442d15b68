// What a new weight is filled with. Source: keras.initializers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <kindling/layers/named_function.h>
#include <kindling/tensor/tensor.h>

namespace kindling {

// Makes a tensor of a given shape. Without a seed of its own it draws from the global generator
// (tensor/random.h: set_random_seed).
struct InitializerKind {
  using Signature = Tensor(const Shape&);
};
using Initializer = NamedFunction<InitializerKind>;
void from_config(const Config& config, Initializer& initializer, const std::string& what);

struct RandomUniformOptions {
  double minval = -0.05;
  double maxval = 0.05;
  std::optional<std::int64_t> seed = {};
};
struct RandomNormalOptions {
  double mean = 0;
  double stddev = 0.05;
  std::optional<std::int64_t> seed = {};
};
struct SeedOptions {
  std::optional<std::int64_t> seed = {};
};
struct ConstantOptions {
  double value = 0;
};

Initializer Zeros();
Initializer Ones();
Initializer Constant(const ConstantOptions& options);
Initializer RandomUniform(const RandomUniformOptions& options = {});
Initializer RandomNormal(const RandomNormalOptions& options = {});
// Uniform within sqrt(6 / (fan_in + fan_out)). For a shape (taps, in, out) fan_in is taps * in and
// fan_out taps * out; for (n,) both are n.
Initializer GlorotUniform(const SeedOptions& options = {});
struct OrthogonalOptions {
  double gain = 1;
  std::optional<std::int64_t> seed = {};
};
Initializer Orthogonal(const OrthogonalOptions& options = {});

}  // namespace kindling
