#include <kindling/tensor/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>
#include <numbers>
#include <numeric>
#include <utility>

#include <kindling/tensor/threads.h>

namespace kindling {
namespace {

using Block = std::array<std::uint32_t, 4>;

Block philox(std::uint64_t seed, std::uint64_t position) {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  Block c = {low(position), high(position), 0, 0};
  std::uint32_t k0 = low(seed), k1 = high(seed);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * c[2];
    c = {high(p1) ^ c[1] ^ k0, low(p1), high(p0) ^ c[3] ^ k1, low(p0)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return c;
}

float unit(std::uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }  // [0, 1)

// Calls fill(block, first index, count) for each block of four numbers that [0, n) needs, in
// parallel, and returns how many blocks that is.
template <class Fill>
std::uint64_t for_blocks(std::uint64_t seed, std::uint64_t position, std::int64_t n, Fill fill) {
  const std::int64_t blocks = (n + 3) / 4;
  parallel_ranges(blocks, 16384, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      fill(philox(seed, position + static_cast<std::uint64_t>(b)), 4 * b,
           std::min<std::int64_t>(4, n - 4 * b));
    }
  });
  return static_cast<std::uint64_t>(blocks);
}

// Seeds of other streams are numbers of this one's, far beyond any position that draws reach.
constexpr std::uint64_t seeds_of_splits = std::uint64_t{2} << 62;
constexpr std::uint64_t seeds_of_threads = std::uint64_t{3} << 62;
Generator seeded_at(std::uint64_t seed, std::uint64_t position) {
  return Generator(Generator(seed, position).next());
}

// What threads that have set no seed draw from: streams of the seed that was set last.
struct Shared {
  std::mutex mutex;
  std::uint64_t seed = 0x6b696e64;
  std::uint64_t streams = 0;               // that threads have begun
  std::atomic<std::uint64_t> seedings = 1;  // how often it was set
};

Shared& shared() {
  static Shared instance;
  return instance;
}

constexpr auto set_here = std::numeric_limits<std::uint64_t>::max();

struct ThreadStream {
  Generator generator;
  std::uint64_t seeding = 0;  // of the shared seed; or set_here
};

thread_local ThreadStream thread_stream;
thread_local Generator* scoped_generator = nullptr;

}  // namespace

Generator Generator::split() {
  return std::exchange(*this, seeded_at(seed_, position_ + seeds_of_splits));
}

std::uint64_t Generator::next() {
  const Block b = philox(seed_, position_++);
  return (std::uint64_t{b[1]} << 32) | b[0];
}

std::int64_t Generator::below(std::int64_t limit) {
  // Rejects the few values that would make the low ones likelier.
  const auto range = static_cast<std::uint64_t>(limit);
  const std::uint64_t threshold = (0 - range) % range;
  for (;;) {
    const std::uint64_t bits = next();
    if (bits >= threshold) return static_cast<std::int64_t>(bits % range);
  }
}

double Generator::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

void Generator::fill_uniform(float* x, std::int64_t n, float low, float high) {
  position_ += for_blocks(seed_, position_, n, [=](Block b, std::int64_t at, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      x[at + i] = low + (high - low) * unit(b[static_cast<std::size_t>(i)]);
    }
  });
}

void Generator::fill_normal(float* x, std::int64_t n, float mean, float stddev) {
  // Box and Muller: two uniforms make two normals.
  position_ += for_blocks(seed_, position_, n, [=](Block b, std::int64_t at, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      const auto pair = static_cast<std::size_t>(i / 2 * 2);
      const double radius = std::sqrt(-2 * std::log(1.0 - static_cast<double>(unit(b[pair]))));
      const double angle = 2 * std::numbers::pi * static_cast<double>(unit(b[pair + 1]));
      const double z = radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle));
      x[at + i] = mean + stddev * static_cast<float>(z);
    }
  });
}

void Generator::fill_bernoulli(bool* x, std::int64_t n, double keep) {
  const auto threshold = static_cast<std::uint64_t>(std::clamp(keep, 0.0, 1.0) * 0x1p32);
  position_ += for_blocks(seed_, position_, n, [=](Block b, std::int64_t at, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) x[at + i] = b[static_cast<std::size_t>(i)] < threshold;
  });
}

std::vector<std::int64_t> permutation(std::int64_t n, Generator& generator) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  for (std::int64_t i = n - 1; i > 0; --i) {
    std::swap(order[static_cast<std::size_t>(i)],
              order[static_cast<std::size_t>(generator.below(i + 1))]);
  }
  return order;
}

Generator& global_generator() {
  if (scoped_generator != nullptr) return *scoped_generator;
  ThreadStream& own = thread_stream;
  if (own.seeding != set_here && own.seeding != shared().seedings.load()) {
    const std::scoped_lock lock(shared().mutex);
    const std::uint64_t number = shared().streams++;
    own.generator = number == 0 ? Generator(shared().seed)
                                : seeded_at(shared().seed, number + seeds_of_threads);
    own.seeding = shared().seedings;
  }
  return own.generator;
}

void set_random_seed(std::uint64_t seed) {
  if (scoped_generator != nullptr) {
    *scoped_generator = Generator(seed);
    return;
  }
  thread_stream = {Generator(seed), set_here};
  const std::scoped_lock lock(shared().mutex);
  shared().seed = seed;
  shared().streams = 1;  // the first is this thread's
  ++shared().seedings;
}

RandomScope::RandomScope(Generator& generator)
    : before_(std::exchange(scoped_generator, &generator)) {}
RandomScope::~RandomScope() { scoped_generator = before_; }

Generator seeded_generator(const std::optional<std::int64_t>& seed) {
  return Generator(seed ? static_cast<std::uint64_t>(*seed) : global_generator().next());
}

}  // namespace kindling
