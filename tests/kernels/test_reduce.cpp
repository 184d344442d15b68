#include <kindling/tensor/kernels/reduce.h>

#include <algorithm>
#include <memory>

#include "tests/kernels/oracle.h"
#include "tests/kernels/samples.h"
#include "tests/kernels/targets.h"

using namespace kindling::kernels;
using std::int64_t;

namespace {

struct Sizes {
  int64_t outer, n, inner;
  int64_t elements() const { return outer * n * inner; }
};

std::vector<Sizes> sizes() {
  std::vector<Sizes> all = {{3, 0, 5},      {0, 4, 5},     {4, 5, 0},      {3, 70000, 1},
                            {2, 40000, 3},  {2, 500, 100}, {5, 30, 513},   {1, 3, 1200},
                            {1, 1000, 600}, {2, 129, 64},  {1, 70001, 2},  {2000, 9, 1},
                            {500, 4, 8},    {300, 2, 100}, {1, 130, 1025}};
  for (int64_t n : odd_sizes) {
    all.push_back({1, n, 1});
    all.push_back({1, 3, n});
    if (n <= 1000) all.push_back({3, n, 7}), all.push_back({2, 7, n}), all.push_back({7, n, 1});
  }
  return all;
}

// For each output, visit(output, inputs in order).
template <class Visit>
void naive(const Sizes& s, const Floats& x, Visit visit) {
  for (int64_t o = 0; o < s.outer; ++o) {
    for (int64_t i = 0; i < s.inner; ++i) {
      Doubles along;
      for (int64_t k = 0; k < s.n; ++k) {
        along.push_back(x[static_cast<std::size_t>((o * s.n + k) * s.inner + i)]);
      }
      visit(static_cast<std::size_t>(o * s.inner + i), along);
    }
  }
}

std::size_t position_of_largest(const Doubles& x) {
  const auto is_nan = [](double v) { return std::isnan(v); };
  auto found = std::find_if(x.begin(), x.end(), is_nan);
  if (found == x.end()) found = std::max_element(x.begin(), x.end());
  return static_cast<std::size_t>(found - x.begin());
}

double largest_of(const Doubles& x) { return x[position_of_largest(x)]; }

double smallest_of(Doubles x) {
  for (double& v : x) v = -v;
  return -largest_of(x);
}

bool same(float y, double expected) {
  return std::isnan(expected) ? std::isnan(y) : static_cast<double>(y) == expected;
}

}  // namespace

TEST_CASE("sum over any axis") {
  Dice dice(1);
  for (const Sizes& s : sizes()) {
    Floats x = dice.normals(s.elements());
    for (float& v : x) v += 1.0f;  // so that rounding errors would pile up
    for_each_target([&](const char* target) {
      Floats y(static_cast<std::size_t>(s.outer * s.inner) + 1, 123.0f);
      kindling::kernels::sum(x.data(), s.outer, s.n, s.inner, y.data());
      CAPTURE(target, s.outer, s.n, s.inner);
      CHECK(y.back() == 123.0f);
      double worst = 0;
      naive(s, x, [&](std::size_t i, const Doubles& along) {
        double total = 0, size = 1e-30;
        for (double v : along) total += v, size += std::abs(v);
        worst = std::max(worst, std::abs(static_cast<double>(y[i]) - total) / size);
      });
      CHECK(worst < 4e-7);
    });
  }
}

TEST_CASE("a long sum is as accurate as a short one") {
  const Floats x(5'000'000, 0.1f);
  for_each_target([&](const char* target) {
    float y = 0;
    kindling::kernels::sum(x.data(), 1, 5'000'000, 1, &y);
    Floats z(5);
    kindling::kernels::sum(x.data(), 1, 1'000'000, 5, z.data());
    CAPTURE(target);
    CHECK(y == Approx(5e6 * static_cast<double>(0.1f)).epsilon(1e-6));
    for (float v : z) CHECK(v == Approx(1e6 * static_cast<double>(0.1f)).epsilon(1e-6));
  });
}

TEST_CASE("largest, smallest and where, over any axis") {
  Dice dice(2);
  for (const Sizes& s : sizes()) {
    if (s.n == 0) continue;
    Floats x = dice.normals(s.elements(), 10.0f);
    for (float& v : x) v = std::round(v);  // so that some are equal
    if (x.size() > 40) x[17] = not_a_number, x[33] = infinite, x[38] = -infinite;
    const auto outputs = static_cast<std::size_t>(s.outer * s.inner);
    for_each_target([&](const char* target) {
      Floats largest_y(outputs), smallest_y(outputs);
      std::vector<std::int32_t> where(outputs);
      kindling::kernels::max(x.data(), s.outer, s.n, s.inner, largest_y.data());
      kindling::kernels::min(x.data(), s.outer, s.n, s.inner, smallest_y.data());
      argmax(x.data(), s.outer, s.n, s.inner, where.data());
      bool right = true;
      naive(s, x, [&](std::size_t i, const Doubles& along) {
        right = right && same(largest_y[i], largest_of(along)) &&
                same(smallest_y[i], smallest_of(along)) &&
                static_cast<std::size_t>(where[i]) == position_of_largest(along);
      });
      CAPTURE(target, s.outer, s.n, s.inner);
      CHECK(right);
    });
  }
}

TEST_CASE("a NaN anywhere in a row is its largest and its smallest") {
  for_each_target([](const char* target) {
    CAPTURE(target);
    for (std::size_t at = 0; at < 70; ++at) {
      Floats x(70, 1.0f);
      x[at] = not_a_number;
      float high = 0, low = 0;
      kindling::kernels::max(x.data(), 1, 70, 1, &high);
      kindling::kernels::min(x.data(), 1, 70, 1, &low);
      CHECK((std::isnan(high) && std::isnan(low)));
    }
  });
}

namespace {

// The softmax of row `r`, over elements where mask is true.
Doubles naive_softmax(const Floats& x, const bool* mask, std::size_t r, std::size_t n) {
  Doubles y(n);
  double highest = -INFINITY, total = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (mask[r * n + i]) highest = std::max(highest, static_cast<double>(x[r * n + i]));
  }
  if (std::isinf(highest)) return Doubles(n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    y[i] = mask[r * n + i] ? std::exp(static_cast<double>(x[r * n + i]) - highest) : 0;
    total += y[i];
  }
  for (double& v : y) v /= total;
  return y;
}

}  // namespace

TEST_CASE("softmax, masked or not, and their gradients") {
  Dice dice(3);
  for (int64_t n : odd_sizes) {
    const int64_t rows = n < 100 ? 5 : 2;
    const Floats x = dice.normals(rows * n, 5.0f), g = dice.normals(rows * n);
    const std::size_t size = x.size(), width = static_cast<std::size_t>(n);
    const auto mask = std::make_unique<bool[]>(size), all = std::make_unique<bool[]>(size);
    for (std::size_t i = 0; i < size; ++i) {
      mask[i] = i >= width && dice.coin();  // the first row: none
      all[i] = true;
    }
    Doubles y, log_y, masked_y, dx, log_dx;
    for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) {
      double dot = 0, total = 0;
      const Doubles p = naive_softmax(x, all.get(), r, width);
      const Doubles q = naive_softmax(x, mask.get(), r, width);
      for (std::size_t i = 0; i < width; ++i) {
        dot += g[r * width + i] * p[i];
        total += g[r * width + i];
      }
      for (std::size_t i = 0; i < width; ++i) {
        y.push_back(p[i]);
        masked_y.push_back(q[i]);
        log_y.push_back(std::log(p[i]));
        dx.push_back(p[i] * (g[r * width + i] - dot));
        log_dx.push_back(g[r * width + i] - p[i] * total);
      }
    }
    for_each_target([&](const char* target) {
      CAPTURE(target, n);
      Floats a = x, b(size), c(size), d(size), e(size);
      softmax(a.data(), rows, n, a.data());
      log_softmax(x.data(), rows, n, b.data());
      masked_softmax(x.data(), mask.get(), rows, n, c.data());
      softmax_gradient(g.data(), a.data(), rows, n, d.data());
      log_softmax_gradient(g.data(), b.data(), rows, n, e.data());
      CHECK(error_of(a, y) < 1e-6);
      CHECK(error_of(b, log_y) < 1e-6);
      CHECK(error_of(c, masked_y) < 1e-6);
      // A row of one element has the gradient 0, which roundings needn't meet.
      if (n > 1) CHECK(error_of(d, dx) < 1e-5);
      if (n > 1) CHECK(error_of(e, log_dx) < 1e-5);
      for (std::size_t i = width; i < size; ++i) {
        if (!mask[i]) REQUIRE(c[i] == 0.0f);
      }
    });
  }
}

TEST_CASE("softmax of numbers that exp couldn't take") {
  for_each_target([](const char* target) {
    CAPTURE(target);
    const Floats x = {1000.0f, 1001.0f, -1e30f};
    Floats y(3), z(3);
    softmax(x.data(), 1, 3, y.data());
    log_softmax(x.data(), 1, 3, z.data());
    CHECK(y[1] == Approx(0.7310586));
    CHECK(y[2] == 0.0f);
    CHECK(z[0] == Approx(-1.3132617));
    CHECK(z[2] == -1e30f);
  });
}

TEST_CASE("sum of squares") {
  Dice dice(4);
  for (int64_t n : odd_sizes) {
    const Floats x = dice.normals(n);
    double expected = 0;
    for (float v : x) expected += static_cast<double>(v) * static_cast<double>(v);
    for_each_target([&](const char* target) {
      CAPTURE(target, n);
      CHECK(sum_of_squares(x.data(), 1, n) == Approx(expected).epsilon(1e-12));
    });
  }
  const Floats extreme = {1e30f, 1e-30f};
  CHECK(sum_of_squares(extreme.data(), 1, 1) == Approx(1e60).epsilon(1e-6));
  CHECK(sum_of_squares(extreme.data() + 1, 1, 1) == Approx(1e-60).epsilon(1e-6));
}

TEST_CASE("reductions don't depend on the number of threads") {
  Dice dice(5);
  const Floats x = dice.normals(600000);
  for (const Sizes& s : {Sizes{1, 600000, 1}, Sizes{2, 300000, 1}, Sizes{1, 6000, 100},
                         Sizes{6000, 100, 1}, Sizes{1, 200000, 3}, Sizes{1, 600, 1000}}) {
    check_same_bits_for_any_threads([&] {
      Floats y(static_cast<std::size_t>(s.outer * s.inner));
      kindling::kernels::sum(x.data(), s.outer, s.n, s.inner, y.data());
      return y;
    });
    check_same_bits_for_any_threads([&] {
      Floats y(x.size());
      softmax(x.data(), s.outer, s.n * s.inner, y.data());
      return y;
    });
  }
  check_same_bits_for_any_threads([&] {
    return Floats{static_cast<float>(sum_of_squares(x.data(), 6000, 100))};
  });
}
