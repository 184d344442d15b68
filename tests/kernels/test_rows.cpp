// Pooling and layer normalization, with every instruction set.
#include <kindling/tensor/kernels/layer_norm.h>
#include <kindling/tensor/kernels/pooling.h>
#include <kindling/tensor/kernels/scratch.h>

#include "tests/kernels/oracle.h"
#include "tests/kernels/samples.h"
#include "tests/kernels/targets.h"
#include "tests/catch.h"

using namespace kindling::kernels;
using std::int64_t;

namespace {

struct Norm {
  Doubles y, dx, scaled;
};

// One row: the result, and the gradient for the weights g of its elements.
Norm naive_norm(const float* x, const float* gamma, const float* beta, const float* g, int64_t n) {
  const auto count = static_cast<double>(n);
  double mean = 0, variance = 0, sum = 0, along = 0;
  for (int64_t i = 0; i < n; ++i) mean += double{x[i]} / count;
  for (int64_t i = 0; i < n; ++i) variance += std::pow(double{x[i]} - mean, 2) / count;
  const double scale = 1 / std::sqrt(variance + double{1e-3f});
  Norm norm;
  for (int64_t i = 0; i < n; ++i) {
    const double away = (double{x[i]} - mean) * scale;
    norm.y.push_back(away * double{gamma[i]} + double{beta[i]});
    norm.scaled.push_back(double{g[i]} * away);
    sum += double{g[i]} * double{gamma[i]} / count;
    along += norm.scaled.back() * double{gamma[i]} / count;
  }
  for (int64_t i = 0; i < n; ++i) {
    const double away = (double{x[i]} - mean) * scale;
    norm.dx.push_back(scale * (double{g[i]} * double{gamma[i]} - sum - away * along));
  }
  return norm;
}

}  // namespace

TEST_CASE("layer_norm and its gradient, rows far from 0 too") {
  Dice dice(1);
  for (const int64_t n : {1, 3, 7, 8, 17, 33, 1000, 5001}) {
    const int64_t rows = n > 100 ? 3 : 40;
    Floats x = dice.normals(rows * n), gamma = dice.normals(n), beta = dice.normals(n);
    const Floats g = dice.normals(rows * n);
    for (int64_t i = 0; i < n; ++i) x[static_cast<std::size_t>(i)] += 30;  // the first row
    Norm expected;
    for (int64_t r = 0; r < rows; ++r) {
      const Norm row =
          naive_norm(x.data() + r * n, gamma.data(), beta.data(), g.data() + r * n, n);
      expected.y.insert(expected.y.end(), row.y.begin(), row.y.end());
      expected.dx.insert(expected.dx.end(), row.dx.begin(), row.dx.end());
      expected.scaled.insert(expected.scaled.end(), row.scaled.begin(), row.scaled.end());
    }
    for_each_target([&](const char* target) {
      CAPTURE(target, n);
      Floats y(x.size()), statistics(static_cast<std::size_t>(2 * rows)), dx = y, scaled = y;
      layer_norm(x.data(), gamma.data(), beta.data(), 1e-3f, rows, n, y.data(), statistics.data());
      layer_norm_gradient(x.data(), statistics.data(), gamma.data(), g.data(), rows, n, dx.data(),
                          scaled.data());
      CHECK(error_of(y, expected.y) < 5e-6);
      CHECK(error_of(scaled, expected.scaled) < 5e-6);
      CHECK(error_of(dx, expected.dx) < 5e-6);
    });
  }
}

TEST_CASE("pooling and its gradients over odd numbers of channels") {
  Dice dice(2);
  for (const int64_t channels : {1, 3, 8, 17, 100}) {
    const PoolGeometry p{.batch = 3, .steps = 10, .channels = channels, .windows = 5, .size = 3,
                         .stride = 2, .pad_left = 1};
    const Floats x = dice.normals(3 * 10 * channels), g = dice.normals(3 * 5 * channels);
    Doubles largest(g.size()), mean(g.size()), to_largest(x.size()), to_mean(x.size());
    for (int64_t o = 0; o < static_cast<int64_t>(g.size()); ++o) {
      const int64_t b = o / channels / 5, w = o / channels % 5, c = o % channels;
      const int64_t first = std::max<int64_t>(0, 2 * w - 1), end = std::min<int64_t>(10, 2 * w + 2);
      const auto at = [&](int64_t step) {
        return static_cast<std::size_t>((b * 10 + step) * channels + c);
      };
      const auto out = static_cast<std::size_t>(o);
      const double share = 1 / static_cast<double>(end - first);
      std::size_t best = at(first);
      for (int64_t step = first; step < end; ++step) {
        if (x[at(step)] > x[best]) best = at(step);
        mean[out] += double{x[at(step)]} * share;
        to_mean[at(step)] += double{g[out]} * share;
      }
      largest[out] = x[best];
      to_largest[best] += g[out];
    }
    for_each_target([&](const char* target) {
      CAPTURE(target, channels);
      Floats y(g.size()), dx(x.size(), 7);
      max_pool(p, x.data(), y.data());
      CHECK(error_of(y, largest) == 0);
      max_pool_gradient(p, x.data(), y.data(), g.data(), dx.data());
      CHECK(error_of(dx, to_largest) < 1e-6);
      average_pool(p, x.data(), y.data());
      CHECK(error_of(y, mean) < 1e-6);
      average_pool_gradient(p, g.data(), dx.data());
      CHECK(error_of(dx, to_mean) < 1e-6);
    });
  }
}

TEST_CASE("A kernel that finds no memory for what it keeps is named") {
  CHECK(message_of([] { Scratch(int64_t{1} << 50, "conv1d"); }) ==
        "conv1d: out of memory for what it keeps while it runs, 4503599627370496 bytes");
}
