#include <kindling/tensor/kernels/update.h>

#include "tests/kernels/oracle.h"
#include "tests/kernels/samples.h"
#include "tests/kernels/targets.h"

using namespace kindling::kernels;
using std::int64_t;

namespace {

Doubles doubles(const Floats& x) { return Doubles(x.begin(), x.end()); }

Floats squares(Floats x) {
  for (float& v : x) v *= v;
  return x;
}

}  // namespace

TEST_CASE("gradient descent, with and without momentum") {
  Dice dice(1);
  const float rate = 0.05f, momentum = 0.9f;
  for (int64_t n : odd_sizes) {
    const Floats w = dice.normals(n), m = dice.normals(n), g = dice.normals(n);
    for_each_target([&](const char* target) {
      CAPTURE(target, n);
      Doubles expected = doubles(w);
      for (std::size_t i = 0; i < g.size(); ++i) expected[i] -= double{rate} * double{g[i]};
      Floats after = w;
      sgd(after.data(), g.data(), n, rate);
      CHECK(error_of(after, expected) < 2e-7);

      for (bool nesterov : {false, true}) {
        Doubles w_expected = doubles(w), m_expected = doubles(m);
        for (std::size_t i = 0; i < g.size(); ++i) {
          const double step = double{rate} * double{g[i]};
          m_expected[i] = double{momentum} * m_expected[i] - step;
          w_expected[i] += nesterov ? double{momentum} * m_expected[i] - step : m_expected[i];
        }
        Floats w_after = w, m_after = m;
        sgd_momentum(w_after.data(), m_after.data(), g.data(), n, rate, momentum, nesterov);
        CHECK(error_of(w_after, w_expected) < 2e-6);
        CHECK(error_of(m_after, m_expected) < 3e-7);
      }
    });
  }
}

TEST_CASE("Adam, with and without the largest second moment") {
  Dice dice(2);
  const AdamStep step{0.01f, 0.9f, 0.999f, 1e-7f};
  const double keep_1 = 1 - step.beta_1, keep_2 = 1 - step.beta_2;  // in float, as the kernel
  for (int64_t n : odd_sizes) {
    const Floats w = dice.normals(n), m = dice.normals(n), g = dice.normals(n);
    const Floats v = squares(dice.normals(n)), largest_v = squares(dice.normals(n));
    for (bool amsgrad : {false, true}) {
      Doubles w1 = doubles(w), m1 = doubles(m), v1 = doubles(v), l1 = doubles(largest_v);
      for (std::size_t i = 0; i < g.size(); ++i) {
        const double gradient = g[i];
        m1[i] += (gradient - m1[i]) * keep_1;
        v1[i] += (gradient * gradient - v1[i]) * keep_2;
        if (amsgrad) l1[i] = std::max(l1[i], v1[i]);
        const double root = std::sqrt(amsgrad ? l1[i] : v1[i]);
        w1[i] -= double{step.alpha} * m1[i] / (root + double{step.epsilon});
      }
      for_each_target([&](const char* target) {
        CAPTURE(target, n, amsgrad);
        Floats w2 = w, m2 = m, v2 = v, l2 = largest_v;
        adam(w2.data(), m2.data(), v2.data(), amsgrad ? l2.data() : nullptr, g.data(), n, step);
        CHECK(error_of(w2, w1) < 1e-6);
        CHECK(error_of(m2, m1) < 2e-7);
        CHECK(error_of(v2, v1) < 2e-7);
        CHECK(error_of(l2, l1) < 2e-7);
      });
    }
  }
}

TEST_CASE("a step doesn't depend on the number of threads") {
  Dice dice(3);
  const int64_t n = 100003;
  const Floats w = dice.normals(n), m = dice.normals(n), g = dice.normals(n);
  const Floats v = squares(dice.normals(n));
  check_same_bits_for_any_threads([&] {
    Floats w2 = w, m2 = m, v2 = v;
    adam(w2.data(), m2.data(), v2.data(), nullptr, g.data(), n, {0.01f, 0.9f, 0.999f, 1e-7f});
    sgd_momentum(w2.data(), m2.data(), g.data(), n, 0.1f, 0.9f, true);
    return w2;
  });
}
