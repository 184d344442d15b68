#include "machine_limit.h"

#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <vector>

#include <kindling/tensor/kernels/elementwise.h>
#include <kindling/tensor/threads.h>

namespace benchmark_model {
namespace {

using std::int64_t;

// Runs work() on every thread at once, several times; the shortest of these in seconds.
template <class Work>
double best_seconds(Work work) {
  double best = 1e30;
  for (int repeat = 0; repeat < 7; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    kindling::parallel_for(kindling::threads(), work);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::min(best, seconds.count());
  }
  return best;
}

struct Work {
  double flops, divisions, bytes;

  double seconds(const MachineRates& rates) const {
    return flops / rates.flops + divisions / rates.divisions + bytes / rates.bytes;
  }
};

// One pass forward. Every tensor between layers is written once and read once.
Work forward(const Sizes& s) {
  const auto steps = static_cast<double>(s.batch * (s.queries + s.values));
  const auto pairs = static_cast<double>(s.batch * s.queries * s.values);
  const auto depth = static_cast<double>(s.depth), filters = static_cast<double>(s.filters);
  const auto taps = static_cast<double>(s.taps);
  const auto dense = static_cast<double>(s.batch * s.hidden * (2 * s.filters + 1));
  const double attended = static_cast<double>(s.batch * s.queries) * filters;
  return {.flops = 2 * (steps * taps * depth * filters + pairs * filters + dense),
          .divisions = pairs * filters,
          .bytes = 4 * 2 * (steps * (depth + filters) + attended)};
}

// Adam over the weights that have a gradient: w, m and v are read and written, g is read.
double optimizer_bytes(const Sizes& s) {
  const int64_t rows = std::min(s.vocabulary, s.batch * (s.queries + s.values));
  const int64_t weights = rows * s.depth + s.taps * s.depth * s.filters + s.filters +
                          2 * s.filters * s.hidden + 2 * s.hidden + 1;
  return 4.0 * 7 * static_cast<double>(weights);
}

}  // namespace

MachineRates measure_machine() {
  const double threads = kindling::threads();
  const int n = 768;
  const auto matrix = [&](float value) {
    return std::vector<std::vector<float>>(static_cast<std::size_t>(threads),
                                           std::vector<float>(static_cast<std::size_t>(n) * n,
                                                              value));
  };
  const auto a = matrix(1.0f), b = matrix(0.5f);
  auto c = matrix(0.0f);
  const double product = best_seconds([&](int64_t t) {
    const auto i = static_cast<std::size_t>(t);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0f, a[i].data(), n,
                b[i].data(), n, 0.0f, c[i].data(), n);
  });
  constexpr int64_t small = 4096, repeats = 2000;  // stays in the first cache
  const double division = best_seconds([&](int64_t t) {
    const auto i = static_cast<std::size_t>(t);
    for (int64_t r = 0; r < repeats; ++r) {
      kindling::kernels::reciprocal(a[i].data(), c[i].data(), small);
    }
  });
  const std::size_t large = std::size_t{48} << 20;
  const std::vector<std::vector<char>> from(static_cast<std::size_t>(threads),
                                            std::vector<char>(large, 1));
  std::vector<std::vector<char>> to = from;
  const double copy = best_seconds([&](int64_t t) {
    const auto i = static_cast<std::size_t>(t);
    std::memcpy(to[i].data(), from[i].data(), large);
  });
  return {.flops = threads * 2.0 * n * n * n / product,
          .divisions = threads * static_cast<double>(small * repeats) / division,
          .bytes = threads * 2 * static_cast<double>(large) / copy};
}

double inference_limit(const Sizes& s, const MachineRates& rates) {
  return forward(s).seconds(rates);
}

// Backward: two products for each of forward's, a division a pair again, and every tensor's
// gradient written and read beside the tensor itself read again.
double training_limit(const Sizes& s, const MachineRates& rates) {
  const Work once = forward(s);
  return Work{.flops = 3 * once.flops,
              .divisions = 2 * once.divisions,
              .bytes = 2.5 * once.bytes + optimizer_bytes(s)}
      .seconds(rates);
}

}  // namespace benchmark_model
