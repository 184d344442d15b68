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

TEST_CASE("Adam's steps without a gradient at once are its steps one by one, to the bit") {
  Dice dice(4);
  std::vector<AdamStep> steps;
  for (const float alpha : {0.01f, 0.03f, 0.002f, 0.05f, 0.008f}) {
    steps.push_back({alpha, 0.9f, 0.999f, 1e-7f, 0.1f * alpha});
  }
  for (int64_t n : odd_sizes) {
    const Floats w = dice.normals(n), m = dice.normals(n), zeros(static_cast<std::size_t>(n), 0.0f);
    const Floats v = squares(dice.normals(n)), most = squares(dice.normals(n));
    for (bool amsgrad : {false, true}) {
      for_each_target([&](const char* target) {
        CAPTURE(target, n, amsgrad);
        Floats w1 = w, m1 = m, v1 = v, l1 = most, w2 = w, m2 = m, v2 = v, l2 = most;
        for (const AdamStep& step : steps) {
          adam(w1.data(), m1.data(), v1.data(), amsgrad ? l1.data() : nullptr, zeros.data(), n,
               step);
        }
        adam_at_rest(w2.data(), m2.data(), v2.data(), amsgrad ? l2.data() : nullptr, n, steps);
        CHECK(w1 == w2);
        CHECK(m1 == m2);
        CHECK(v1 == v2);
        CHECK(l1 == l2);
      });
    }
  }
}

TEST_CASE("the other optimizers, beside their formulas on one element at a time") {
  // f(kernel's w, slots, g, n), and the same in double for one element: w, slots a and b, g.
  struct Step {
    const char* name;
    void (*kernel)(float* w, float* a, float* b, const float* g, int64_t n);
    void (*formula)(double& w, double& a, double& b, double g);
  };
  static constexpr float rate = 0.01f, keep = 0.9f, rest = 1 - keep, small = 1e-3f;
  static constexpr RhoStep step{rate, keep, rest, small, 0.5f};
  const Step steps[] = {
      {"nadam",
       [](float* w, float* a, float* b, const float* g, int64_t n) {
         adam(w, a, b, nullptr, g, n, {rate, keep, keep, small, 0.02f});
       },
       [](double& w, double& a, double& b, double g) {
         a += (g - a) * double{rest};
         b += (g * g - b) * double{rest};
         w -= (double{rate} * a + double{0.02f} * g) / (std::sqrt(b) + double{small});
       }},
      {"adamax",
       [](float* w, float* a, float* b, const float* g, int64_t n) {
         adamax(w, a, b, g, n, {rate, keep, keep, small});
       },
       [](double& w, double& a, double& b, double g) {
         a += (g - a) * double{rest};
         b = std::max(double{keep} * b, std::abs(g));
         w -= double{rate} * a / (b + double{small});
       }},
      {"lion",
       [](float* w, float* a, float*, const float* g, int64_t n) {
         lion(w, a, g, n, rate, keep, 0.5f);
       },
       [](double& w, double& a, double&, double g) {
         const double c = double{keep} * a + double{rest} * g;
         w -= double{rate} * (c > 0 ? 1 : c < 0 ? -1 : 0);
         a = 0.5 * a + 0.5 * g;
       }},
      {"adagrad",
       [](float* w, float* a, float*, const float* g, int64_t n) {
         adagrad(w, a, g, n, rate, small);
       },
       [](double& w, double& a, double&, double g) {
         a += g * g;
         w -= double{rate} * g / std::sqrt(a + double{small});
       }},
      {"adadelta",
       [](float* w, float* a, float* b, const float* g, int64_t n) {
         adadelta(w, a, b, g, n, step);
       },
       [](double& w, double& a, double& b, double g) {
         a = double{keep} * a + double{rest} * g * g;
         const double delta = g * std::sqrt(b + double{small}) / std::sqrt(a + double{small});
         b = double{keep} * b + double{rest} * delta * delta;
         w -= double{rate} * delta;
       }},
      {"rmsprop",
       [](float* w, float* a, float*, const float* g, int64_t n) {
         rmsprop(w, a, nullptr, nullptr, g, n, step);
       },
       [](double& w, double& a, double&, double g) {
         a = double{keep} * a + double{rest} * g * g;
         w -= double{rate} * g / std::sqrt(a + double{small});
       }},
      {"rmsprop with momentum",
       [](float* w, float* a, float* b, const float* g, int64_t n) {
         rmsprop(w, a, nullptr, b, g, n, step);
       },
       [](double& w, double& a, double& b, double g) {
         a = double{keep} * a + double{rest} * g * g;
         b = 0.5 * b + double{rate} * g / std::sqrt(a + double{small});
         w -= b;
       }},
      {"rmsprop centered",
       [](float* w, float* a, float* b, const float* g, int64_t n) {
         rmsprop(w, a, b, nullptr, g, n, step);
       },
       [](double& w, double& a, double& b, double g) {
         a = double{keep} * a + double{rest} * g * g;
         b = double{keep} * b + double{rest} * g;
         w -= double{rate} * g / std::sqrt(std::max(0.0, a - b * b) + double{small});
       }},
      {"moving average",
       [](float* w, float* a, float*, const float*, int64_t n) { moving_average(w, a, n, keep); },
       [](double& w, double& a, double&, double) { a = double{keep} * a + double{rest} * w; }},
  };
  Dice dice(4);
  for (int64_t n : odd_sizes) {
    const Floats w = dice.normals(n), g = dice.normals(n);
    const Floats a = squares(dice.normals(n)), b = squares(dice.normals(n));
    for (const Step& each : steps) {
      Doubles w1 = doubles(w), a1 = doubles(a), b1 = doubles(b);
      for (std::size_t i = 0; i < g.size(); ++i) each.formula(w1[i], a1[i], b1[i], double{g[i]});
      for_each_target([&](const char* target) {
        CAPTURE(each.name, target, n);
        Floats w2 = w, a2 = a, b2 = b;
        each.kernel(w2.data(), a2.data(), b2.data(), g.data(), n);
        CHECK(error_of(w2, w1) < 3e-6);  // a difference of squares under centered RMSprop's root
        CHECK(error_of(a2, a1) < 3e-7);
        CHECK(error_of(b2, b1) < 3e-6);
      });
    }
  }
}

TEST_CASE("Lion's step has the size of its learning rate, none without a direction, NaN for NaN") {
  const float nan = std::nanf("");
  Floats w = {1, 1, 1, 1}, m = {0, 0, 0, 0};
  const Floats g = {1e-30f, -5, 0, nan};
  lion(w.data(), m.data(), g.data(), 4, 0.25f, 0.9f, 0.99f);
  CHECK(w[0] == 0.75f);
  CHECK(w[1] == 1.25f);
  CHECK(w[2] == 1);
  CHECK(std::isnan(w[3]));
}

TEST_CASE("centered RMSprop of a gradient that stays the same is no NaN") {
  Floats w = {0}, v = {0}, mean = {0};
  const Floats g = {1000};
  for (int step = 0; step < 500; ++step) {
    rmsprop(w.data(), v.data(), mean.data(), nullptr, g.data(), 1, {0.01f, 0.9f, 0.1f, 1e-7f});
  }
  CHECK(std::isfinite(w[0]));
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
    rmsprop(w2.data(), v2.data(), nullptr, m2.data(), g.data(), n, {0.1f, 0.9f, 0.1f, 0.1f, 0.5f});
    lion(w2.data(), m2.data(), g.data(), n, 0.1f, 0.9f, 0.99f);
    return w2;
  });
}
