// Random numbers from a counter: block i of a seed is a function of (seed, i), so any thread can
// compute any part of a stream, and two integers are the whole state.
//
// Source: Philox4x32-10, Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#pragma GCC visibility push(default)
namespace kindling {

class Generator {
 public:
  explicit Generator(std::uint64_t seed = 0, std::uint64_t position = 0)
      : seed_(seed), position_(position) {}

  std::uint64_t next();                   // 64 random bits
  std::int64_t below(std::int64_t limit); // uniform over [0, limit), limit >= 1
  double uniform();                       // uniform over [0, 1)

  // Fill n floats; the stream moves on by whole blocks of four.
  void fill_uniform(float* x, std::int64_t n, float low, float high);
  void fill_normal(float* x, std::int64_t n, float mean, float stddev);
  // true with probability `keep`
  void fill_bernoulli(bool* x, std::int64_t n, double keep);

  // A generator that goes on where this one is. This one goes on elsewhere, so that the two never
  // draw the same numbers.
  Generator split();

  // The two integers that are its whole state.
  std::uint64_t seed() const { return seed_; }
  std::uint64_t position() const { return position_; }

 private:
  std::uint64_t seed_;
  std::uint64_t position_;  // in blocks of 128 bits
};

// Shuffles [0, n): Fisher and Yates.
std::vector<std::int64_t> permutation(std::int64_t n, Generator& generator);

// The generator behind initialisers, dropout seeds and whatever was given no seed of its own. Each
// thread has one. set_random_seed makes what its thread draws repeatable; threads that have set no
// seed draw from streams of the seed that was set last anywhere, in the order in which they begin.
void set_random_seed(std::uint64_t seed);
Generator& global_generator();

// While one lives, the global generator of this thread is another: how each run of Model::fit draws
// from a stream of its own.
class RandomScope {
 public:
  explicit RandomScope(Generator& generator);
  ~RandomScope();
  RandomScope(const RandomScope&) = delete;
  RandomScope& operator=(const RandomScope&) = delete;

 private:
  Generator* before_;
};

// The generator of an option `seed`: without one, its seed is the global generator's next number.
Generator seeded_generator(const std::optional<std::int64_t>& seed);

}  // namespace kindling
#pragma GCC visibility pop
