#include <kindling/tensor/random.h>

#include <algorithm>
#include <memory>

#include "tests/kernels/oracle.h"

using kindling::Generator;
using std::int64_t;

namespace {

constexpr int64_t count = 400'000;

struct Moments {
  double mean = 0, variance = 0;
  explicit Moments(const Floats& x) {
    for (float v : x) mean += v;
    mean /= static_cast<double>(x.size());
    for (float v : x) variance += (v - mean) * (v - mean);
    variance /= static_cast<double>(x.size());
  }
};

template <class Fill>
Floats filled(int64_t n, Fill fill) {
  Floats x(static_cast<std::size_t>(n));
  fill(x.data(), n);
  return x;
}

}  // namespace

TEST_CASE("the generator is Philox4x32-10") {
  // From the authors' known answers: key 0, counter 0 gives 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
  Generator zero(0);
  CHECK(zero.next() == 0xe169c58d6627e8d5u);
  // Four uniforms show all four words.
  Generator again(0);
  const Floats u = filled(4, [&](float* x, int64_t n) { again.fill_uniform(x, n, 0, 1); });
  const std::uint32_t words[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(u[i] == static_cast<float>(words[i] >> 8) * 0x1p-24f);
  }
}

TEST_CASE("uniform and normal numbers have their mean and variance") {
  Generator generator(7);
  const Floats u = filled(count, [&](float* x, int64_t n) { generator.fill_uniform(x, n, -1, 3); });
  CHECK(Moments(u).mean == Approx(1).margin(0.01));
  CHECK(Moments(u).variance == Approx(16.0 / 12).epsilon(0.01));
  CHECK(*std::min_element(u.begin(), u.end()) >= -1.0f);
  CHECK(*std::max_element(u.begin(), u.end()) <= 3.0f);

  const Floats z = filled(count, [&](float* x, int64_t n) { generator.fill_normal(x, n, 2, 3); });
  CHECK(Moments(z).mean == Approx(2).margin(0.02));
  CHECK(Moments(z).variance == Approx(9).epsilon(0.01));
  const auto far = std::count_if(z.begin(), z.end(), [](float v) { return std::abs(v - 2) > 6; });
  CHECK(static_cast<double>(far) / count == Approx(0.0455).epsilon(0.05));  // beyond 2 deviations
}

TEST_CASE("Bernoulli keeps the share it was told to") {
  Generator generator(8);
  const auto kept = std::make_unique<bool[]>(count);
  for (double keep : {0.0, 0.25, 0.9, 1.0}) {
    generator.fill_bernoulli(kept.get(), count, keep);
    const auto share = static_cast<double>(std::count(&kept[0], &kept[0] + count, true)) / count;
    CHECK(share == Approx(keep).margin(0.005));
    if (keep == 0 || keep == 1) CHECK(share == keep);
  }
}

TEST_CASE("a stream goes on where its position says") {
  Generator first(9);
  for (int i = 0; i < 5; ++i) first.next();
  Generator second(9, first.position());
  CHECK(first.next() == second.next());

  // n numbers use up what n numbers need, and a longer fill begins with the shorter one.
  Generator a(10), b(10);
  const Floats x = filled(1001, [&](float* p, int64_t n) { a.fill_normal(p, n, 0, 1); });
  const Floats y = filled(1004, [&](float* p, int64_t n) { b.fill_normal(p, n, 0, 1); });
  CHECK(std::equal(x.begin(), x.end(), y.begin()));
  CHECK(a.position() == b.position());
  CHECK(a.position() == 251);
}

TEST_CASE("random numbers don't depend on the number of threads") {
  check_same_bits_for_any_threads([] {
    Generator generator(11);
    return filled(count, [&](float* x, int64_t n) { generator.fill_normal(x, n, 0, 1); });
  });
  check_same_bits_for_any_threads([] {
    Generator generator(12);
    return filled(count, [&](float* x, int64_t n) { generator.fill_uniform(x, n, 0, 1); });
  });
}

TEST_CASE("numbers below a limit are all as likely") {
  Generator generator(13);
  std::vector<int> seen(10);
  for (int i = 0; i < 100'000; ++i) ++seen[static_cast<std::size_t>(generator.below(10))];
  for (int times : seen) CHECK(times == Approx(10'000).epsilon(0.05));
  CHECK(generator.below(1) == 0);
}

TEST_CASE("a permutation holds every number once") {
  Generator generator(14);
  for (int64_t n : {0, 1, 2, 1000}) {
    std::vector<int64_t> order = permutation(n, generator);
    if (n == 1000) CHECK_FALSE(std::is_sorted(order.begin(), order.end()));
    std::sort(order.begin(), order.end());
    REQUIRE(order.size() == static_cast<std::size_t>(n));
    for (int64_t i = 0; i < n; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
  }
  kindling::set_random_seed(5);
  const auto first = permutation(100, kindling::global_generator());
  kindling::set_random_seed(5);
  CHECK(first == permutation(100, kindling::global_generator()));
}
