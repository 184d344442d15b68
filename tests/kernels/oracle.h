// What the tests of kernels share: random numbers, a measure of error against sums in double, and
// the check that the number of threads doesn't change a bit.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include <kindling/tensor/threads.h>

#include "tests/catch.h"

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}

  // An integer in [low, high].
  std::int64_t integer(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
  }
  bool coin() { return integer(0, 1) == 1; }
  Floats normals(std::int64_t n, float deviation = 1.0f) {
    std::normal_distribution<float> normal(0.0f, deviation);
    Floats x(static_cast<std::size_t>(n));
    for (float& value : x) value = normal(engine_);
    return x;
  }

 private:
  std::mt19937 engine_;
};

inline double largest(const Doubles& x) {
  double size = 0.0;
  for (double value : x) size = std::max(size, std::abs(value));
  return size;
}

// The largest difference, relative to the largest of `sizes`; infinite if anything is NaN.
inline double error_of(const Floats& actual, const Doubles& expected, const Doubles& sizes) {
  REQUIRE(actual.size() == expected.size());
  double worst = 0.0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double difference = std::abs(static_cast<double>(actual[i]) - expected[i]);
    if (!(difference <= worst)) worst = std::isnan(difference) ? INFINITY : difference;
  }
  const double size = largest(sizes);
  return size > 0.0 ? worst / size : worst;
}
inline double error_of(const Floats& actual, const Doubles& expected) {
  return error_of(actual, expected, expected);
}

// run() returns what a kernel computed.
template <class Run>
void check_same_bits_for_any_threads(Run&& run) {
  struct Restore {
    int before = kindling::threads();
    ~Restore() { kindling::set_threads(before); }
  } restore;
  kindling::set_threads(1);
  const Floats expected = run();
  for (int count : {2, 3, 8}) {
    kindling::set_threads(count);
    const Floats actual = run();
    REQUIRE(actual.size() == expected.size());
    CAPTURE(count);
    CHECK(std::memcmp(actual.data(), expected.data(), actual.size() * sizeof(float)) == 0);
  }
}
