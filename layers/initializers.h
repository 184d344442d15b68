// What a new weight is filled with. Source: keras.initializers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <kindling/layers/named_function.h>
#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

// Makes a tensor of a given shape. Without a seed of its own it draws from the global generator
// (tensor/random.h: set_random_seed).
struct InitializerKind {
  static constexpr const char* what = "initializer";
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
enum class FanMode { fan_in, fan_out, fan_avg };
enum class Distribution { truncated_normal, untruncated_normal, uniform };
struct VarianceScalingOptions {
  double scale = 1;
  FanMode mode = FanMode::fan_in;
  Distribution distribution = Distribution::truncated_normal;
  std::optional<std::int64_t> seed = {};
};
struct OrthogonalOptions {
  double gain = 1;
  std::optional<std::int64_t> seed = {};
};
struct IdentityOptions {
  double gain = 1;
};

Initializer Zeros();
Initializer Ones();
Initializer Constant(const ConstantOptions& options);
Initializer RandomUniform(const RandomUniformOptions& options = {});
Initializer RandomNormal(const RandomNormalOptions& options = {});
// Normal, but none beyond two standard deviations.
Initializer TruncatedNormal(const RandomNormalOptions& options = {});
// Variance scale / n, where n is fan_in, fan_out or their mean. For a shape (taps, in, out) fan_in
// is taps * in and fan_out taps * out; for (n,) both are n.
Initializer VarianceScaling(const VarianceScalingOptions& options = {});
Initializer GlorotUniform(const SeedOptions& options = {});  // scale 1, fan_avg, uniform
Initializer GlorotNormal(const SeedOptions& options = {});   // scale 1, fan_avg, truncated_normal
Initializer HeUniform(const SeedOptions& options = {});      // scale 2, fan_in, uniform
Initializer HeNormal(const SeedOptions& options = {});       // scale 2, fan_in, truncated_normal
Initializer LecunUniform(const SeedOptions& options = {});   // scale 1, fan_in, uniform
Initializer LecunNormal(const SeedOptions& options = {});    // scale 1, fan_in, truncated_normal
// A random matrix (all axes but the last, the last) whose rows or columns, whichever are fewer, are
// orthogonal and of length `gain`.
Initializer Orthogonal(const OrthogonalOptions& options = {});
Initializer Identity(const IdentityOptions& options = {});  // gain on a matrix's diagonal

}  // namespace kindling
#pragma GCC visibility pop
