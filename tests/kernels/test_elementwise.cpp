#include <kindling/tensor/kernels/elementwise.h>

#include <algorithm>
#include <bit>
#include <memory>

#include "tests/kernels/oracle.h"
#include "tests/kernels/samples.h"
#include "tests/kernels/targets.h"
#include "tests/kernels/units.h"

using namespace kindling::kernels;
using std::int64_t;

namespace {

struct Unary {
  const char* name;
  void (*kernel)(const float*, float*, int64_t);
  double (*exact)(double);
  double units;  // within so many
};

const Unary unaries[] = {
    {"negative", negative, [](double x) { return -x; }, 0},
    {"absolute", absolute, [](double x) { return std::abs(x); }, 0},
    {"square", square, [](double x) { return x * x; }, 0.5},
    {"sqrt", kindling::kernels::sqrt, [](double x) { return std::sqrt(x); }, 0.5},
    {"reciprocal", reciprocal, [](double x) { return 1 / x; }, 0.5},
    {"relu", relu, [](double x) { return x <= 0 ? 0 : x; }, 0},
    {"sign", sign, [](double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }, 0},
    {"exp", kindling::kernels::exp, [](double x) { return std::exp(x); }, 1},
    {"expm1", kindling::kernels::expm1, [](double x) { return std::expm1(x); }, 2},
    {"log", kindling::kernels::log, [](double x) { return std::log(x); }, 1},
    {"log1p", kindling::kernels::log1p, [](double x) { return std::log1p(x); }, 2},
    {"tanh", kindling::kernels::tanh, [](double x) { return std::tanh(x); }, 2},
    {"sigmoid", sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, 2},
    {"erf", kindling::kernels::erf, [](double x) { return std::erf(x); }, 2},
};

Floats every_kind_of_float(std::uint64_t stride) {
  Floats x = {0.0f,    -0.0f,   infinite, -infinite, not_a_number, -not_a_number, 100.0f,
              -100.0f, -103.9f, -200.0f,  88.7f,     88.73f,       1e-45f,        -1e-45f,
              1e-30f,  -1e-30f, -1.0f,    -2.0f,     40000.0f};
  for (std::uint64_t bits = 0; bits <= 0xFFFFFFFF; bits += stride) {
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  return x;
}

}  // namespace

TEST_CASE("functions are accurate for every kind of float") {
  const Floats x = every_kind_of_float(50021);  // tests/vector_errors tries more
  for (const Unary& f : unaries) {
    Doubles expected(x.size());
    std::transform(x.begin(), x.end(), expected.begin(), f.exact);
    for_each_target([&](const char* target) {
      Floats y(x.size());
      f.kernel(x.data(), y.data(), static_cast<int64_t>(x.size()));
      double worst = -1;
      float at = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double off = units_off(y[i], expected[i]);
        if (off <= worst) continue;
        worst = off;
        at = x[i];
      }
      CAPTURE(f.name, target, at);
      CHECK(worst <= f.units);
    });
  }
}

TEST_CASE("sine and cosine, also far out") {
  Floats x = every_kind_of_float(50021);
  for (int i = -20000; i < 20000; ++i) x.push_back(static_cast<float>(i) * 0.01f);
  for_each_target([&](const char* target) {
    Floats s(x.size()), c(x.size());
    kindling::kernels::sin(x.data(), s.data(), static_cast<int64_t>(x.size()));
    kindling::kernels::cos(x.data(), c.data(), static_cast<int64_t>(x.size()));
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double v = x[i];
      REQUIRE(std::isnan(s[i]) == !std::isfinite(v));
      REQUIRE(std::isnan(c[i]) == !std::isfinite(v));
      if (!std::isfinite(v)) continue;
      worst = std::max({worst, std::abs(s[i] - std::sin(v)), std::abs(c[i] - std::cos(v))});
    }
    CAPTURE(target);
    CHECK(worst < 3e-7);
  });
}

TEST_CASE("the ends of exp, tanh, sigmoid and log") {
  for_each_target([](const char* target) {
    CAPTURE(target);
    const auto of = [](auto kernel, float x) {
      kernel(&x, &x, 1);
      return x;
    };
    CHECK(of(kindling::kernels::exp, 100.0f) == infinite);
    CHECK(of(kindling::kernels::exp, -200.0f) == 0.0f);
    CHECK(of(kindling::kernels::exp, 0.0f) == 1.0f);
    CHECK(of(kindling::kernels::tanh, infinite) == 1.0f);
    CHECK(of(kindling::kernels::tanh, -infinite) == -1.0f);
    CHECK(of(kindling::kernels::tanh, 1e-40f) == 1e-40f);
    CHECK(std::signbit(of(kindling::kernels::tanh, -0.0f)));
    CHECK(of(sigmoid, infinite) == 1.0f);
    CHECK(of(sigmoid, -infinite) == 0.0f);
    CHECK(of(sigmoid, 0.0f) == 0.5f);
    CHECK(of(kindling::kernels::log, 0.0f) == -infinite);
    CHECK(of(kindling::kernels::log, 1.0f) == 0.0f);
  });
}

TEST_CASE("functions of one array, for odd sizes and in place") {
  Dice dice(1);
  for (int64_t n : odd_sizes) {
    const Floats x = dice.normals(n, 3.0f);
    for_each_target([&](const char* target) {
      for (const Unary& f : unaries) {
        Floats y(x.size() + 1, 123.0f);
        f.kernel(x.data(), y.data(), n);
        bool right = y.back() == 123.0f;  // nothing written past the end
        for (std::size_t i = 0; i < x.size(); ++i) {
          right = right && units_off(y[i], f.exact(x[i])) <= f.units;
        }
        Floats z = x;
        f.kernel(z.data(), z.data(), n);
        right = right && (n == 0 || std::memcmp(z.data(), y.data(), z.size() * sizeof(float)) == 0);
        CAPTURE(f.name, target, n);
        CHECK(right);
      }
    });
  }
}

TEST_CASE("affine, clip, select, accumulate and gradients from results") {
  Dice dice(2);
  for (int64_t n : odd_sizes) {
    const Floats g = dice.normals(n), y = dice.normals(n);
    const auto size = g.size();
    const auto condition = std::make_unique<bool[]>(size);
    for (std::size_t i = 0; i < size; ++i) condition[i] = dice.coin();
    for_each_target([&](const char* target) {
      CAPTURE(target, n);
      const auto check = [&](auto kernel, auto exact) {
        Floats c(size);
        kernel(c.data());
        Doubles expected(size);
        for (std::size_t i = 0; i < size; ++i) expected[i] = exact(g[i], y[i], i);
        CHECK(error_of(c, expected) < 2e-7);
      };
      check([&](float* c) { affine(g.data(), 2.5f, -0.3f, c, n); },
            [](double a, double, std::size_t) { return a * 2.5 + static_cast<double>(-0.3f); });
      check([&](float* c) { clip(g.data(), -0.5f, 1.0f, c, n); },
            [](double a, double, std::size_t) { return std::clamp(a, -0.5, 1.0); });
      check([&](float* c) { tanh_gradient(g.data(), y.data(), c, n); },
            [](double a, double b, std::size_t) { return a * (1 - b * b); });
      check([&](float* c) { sigmoid_gradient(g.data(), y.data(), c, n); },
            [](double a, double b, std::size_t) { return a * b * (1 - b); });
      check([&](float* c) { relu_gradient(g.data(), y.data(), c, n); },
            [](double a, double b, std::size_t) { return b > 0 ? a : 0; });
      check([&](float* c) { std::copy(y.begin(), y.end(), c); accumulate(g.data(), c, n); },
            [](double a, double b, std::size_t) { return a + b; });
      check([&](float* c) { select(condition.get(), g.data(), y.data(), c, n); },
            [&](double a, double b, std::size_t i) { return condition[i] ? a : b; });
    });
  }
  float x = not_a_number;
  clip(&x, 0.0f, 1.0f, &x, 1);
  CHECK(std::isnan(x));
}

namespace {

// Calls visit(i, a, b): element i of the walk's result and those of the operands it is made of.
template <class Visit>
void naive_walk(const Broadcast& walk, Visit visit) {
  int64_t elements = 1;
  for (int axis = 0; axis < walk.rank; ++axis) elements *= walk.size[axis];
  for (int64_t i = 0; i < elements; ++i) {
    int64_t rest = i, a = 0, b = 0;
    for (int axis = walk.rank - 1; axis >= 0; --axis) {
      a += rest % walk.size[axis] * walk.a_step[axis];
      b += rest % walk.size[axis] * walk.b_step[axis];
      rest /= walk.size[axis];
    }
    visit(static_cast<std::size_t>(i), static_cast<std::size_t>(a), static_cast<std::size_t>(b));
  }
}

struct Extent {
  std::size_t result = 0, a = 1, b = 1;
  explicit Extent(const Broadcast& walk) {
    naive_walk(walk, [this](std::size_t i, std::size_t j, std::size_t k) {
      result = i + 1;
      a = std::max(a, j + 1);
      b = std::max(b, k + 1);
    });
  }
};

std::vector<Broadcast> walks() {
  std::vector<Broadcast> all = {{},
                                {2, {5, 0}, {0, 1}, {0, 1}},
                                {2, {700, 100}, {100, 1}, {0, 1}},
                                {2, {700, 100}, {1, 0}, {100, 1}},
                                {2, {300, 301}, {1, 0}, {0, 1}},
                                {2, {300, 31}, {1, 300}, {31, 1}},
                                {3, {40, 3, 301}, {301, 0, 1}, {0, 301, 1}},
                                {1, {1000}, {0}, {0}},
                                {1, {1000}, {2}, {1}}};
  for (int64_t n : odd_sizes) {
    all.push_back({1, {n}, {1}, {1}});
    all.push_back({1, {n}, {1}, {0}});
    all.push_back({1, {n}, {0}, {1}});
  }
  Dice dice(3);
  for (int i = 0; i < 40; ++i) {
    Broadcast walk;
    walk.rank = static_cast<int>(dice.integer(1, 6));
    int64_t a = 1, b = 1;
    for (int axis = walk.rank - 1; axis >= 0; --axis) {
      walk.size[axis] = dice.integer(1, 6);
      if (dice.coin()) walk.a_step[axis] = a, a *= walk.size[axis];
      if (dice.coin()) walk.b_step[axis] = b, b *= walk.size[axis];
    }
    all.push_back(walk);
  }
  return all;
}

struct Binary {
  const char* name;
  void (*kernel)(const Broadcast&, const float*, const float*, float*);
  double (*exact)(double, double);
  double units;
};

const Binary binaries[] = {
    {"add", add, [](double a, double b) { return a + b; }, 0.5},
    {"subtract", subtract, [](double a, double b) { return a - b; }, 0.5},
    {"multiply", multiply, [](double a, double b) { return a * b; }, 0.5},
    {"divide", divide, [](double a, double b) { return a / b; }, 0.50001},
    {"maximum", maximum, [](double a, double b) { return a > b || a != a ? a : b; }, 0},
    {"minimum", minimum, [](double a, double b) { return a < b || a != a ? a : b; }, 0},
    {"power", power, [](double a, double b) { return std::pow(a, b); }, 1},
};

struct Compared {
  Comparison op;
  bool (*exact)(double, double);
};

const Compared comparisons[] = {
    {Comparison::equal, [](double a, double b) { return a == b; }},
    {Comparison::not_equal, [](double a, double b) { return a != b; }},
    {Comparison::less, [](double a, double b) { return a < b; }},
    {Comparison::less_equal, [](double a, double b) { return a <= b; }},
    {Comparison::greater, [](double a, double b) { return a > b; }},
    {Comparison::greater_equal, [](double a, double b) { return a >= b; }},
};

template <class T>
void check_comparisons(const Broadcast& walk, const std::vector<T>& a, const std::vector<T>& b) {
  const std::size_t n = Extent(walk).result;
  const auto c = std::make_unique<bool[]>(n + 1);
  for (const Compared& f : comparisons) {
    compare(f.op, walk, a.data(), b.data(), c.get());
    bool right = true;
    naive_walk(walk, [&](std::size_t i, std::size_t j, std::size_t k) {
      const bool expected = f.exact(static_cast<double>(a[j]), static_cast<double>(b[k]));
      right = right && std::bit_cast<unsigned char>(c[i]) == (expected ? 1 : 0);
    });
    CAPTURE(static_cast<int>(f.op), walk.rank, n);
    CHECK(right);
  }
}

}  // namespace

TEST_CASE("functions of two arrays, for every way to broadcast") {
  Dice dice(4);
  for (const Broadcast& walk : walks()) {
    const Extent extent(walk);
    Floats a = dice.normals(static_cast<int64_t>(extent.a));
    Floats b = dice.normals(static_cast<int64_t>(extent.b));
    if (a.size() > 5) a[4] = not_a_number;
    if (b.size() > 6) b[5] = not_a_number;
    for_each_target([&](const char* target) {
      for (const Binary& f : binaries) {
        Floats c(extent.result + 1, 123.0f);
        f.kernel(walk, a.data(), b.data(), c.data());
        double worst = c.back() == 123.0f ? 0 : INFINITY;
        naive_walk(walk, [&](std::size_t i, std::size_t j, std::size_t k) {
          worst = std::max(worst, units_off(c[i], f.exact(a[j], b[k])));
        });
        CAPTURE(f.name, target, walk.rank, extent.result);
        CHECK(worst <= f.units);
      }
    });
  }
}

TEST_CASE("comparisons, for every way to broadcast") {
  Dice dice(5);
  for (const Broadcast& walk : walks()) {
    const Extent extent(walk);
    std::vector<std::int32_t> a(extent.a), b(extent.b);
    for (std::int32_t& v : a) v = static_cast<std::int32_t>(dice.integer(-2, 2));
    for (std::int32_t& v : b) v = static_cast<std::int32_t>(dice.integer(-2, 2));
    a[0] = INT32_MIN;
    b.back() = INT32_MAX;
    Floats fa(a.begin(), a.end()), fb(b.begin(), b.end());
    fa[0] = not_a_number;
    fb.back() = -0.0f;
    for_each_target([&](const char* target) {
      CAPTURE(target);
      check_comparisons(walk, a, b);
      check_comparisons(walk, fa, fb);
    });
  }
}

TEST_CASE("elementwise results don't depend on the number of threads") {
  Dice dice(6);
  const int64_t n = 100003;
  const Floats x = dice.normals(n), y = dice.normals(n);
  const Broadcast walk = {2, {1000, 100}, {0, 1}, {100, 1}};
  check_same_bits_for_any_threads([&] {
    Floats z(x.size());
    for (const Unary& f : unaries) {
      Floats part(x.size());
      f.kernel(x.data(), part.data(), n);
      accumulate(part.data(), z.data(), n);
    }
    return z;
  });
  check_same_bits_for_any_threads([&] {
    Floats z(100000);
    multiply(walk, x.data(), y.data(), z.data());
    return z;
  });
}
