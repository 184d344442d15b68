#include <kindling/tensor/kernels/conv1d.h>

#include <algorithm>

#include <kindling/tensor/kernels/winograd.h>

#include "tests/kernels/oracle.h"
#include "tests/kernels/targets.h"

using namespace kindling::kernels;
using std::int64_t;

namespace {

std::size_t size(int64_t n) { return static_cast<std::size_t>(n); }

// The functions under test.
struct Way {
  decltype(&conv1d) forward;
  decltype(&conv1d_input_gradient) input_gradient;
  decltype(&conv1d_kernel_gradient) kernel_gradient;
  double error;  // at most, as a part of the largest result
};
constexpr Way by_choice{conv1d, conv1d_input_gradient, conv1d_kernel_gradient, 2e-6};
constexpr Way by_winograd{winograd_conv1d, winograd_input_gradient, winograd_kernel_gradient,
                          4e-6};

struct ConvolutionCase {
  Conv1DGeometry g;
  Way way;
  Floats x, kernel, bias, dy;

  ConvolutionCase(const Conv1DGeometry& geometry, Dice& dice, const Way& how = by_choice)
      : g(geometry),
        way(how),
        x(dice.normals(g.batch * g.steps * g.channels)),
        kernel(dice.normals(g.taps * g.channels / g.groups * g.filters)),
        bias(dice.normals(g.filters)),
        dy(dice.normals(g.batch * g.out_steps * g.filters)) {}

  // Calls body(index of x, index of the kernel, index of y) for each multiplication.
  template <class Body>
  void for_each_term(Body body) const {
    const int64_t channels = g.channels / g.groups, filters = g.filters / g.groups;
    for (int64_t b = 0; b < g.batch; ++b)
      for (int64_t t = 0; t < g.out_steps; ++t)
        for (int64_t j = 0; j < g.taps; ++j) {
          const int64_t s = t * g.stride + j * g.dilation - g.pad_left;
          if (s < 0 || s >= g.steps) continue;
          for (int64_t c = 0; c < channels; ++c)
            for (int64_t f = 0; f < g.filters; ++f) {
              const int64_t channel = f / filters * channels + c;
              body(size((b * g.steps + s) * g.channels + channel),
                   size((j * channels + c) * g.filters + f),
                   size((b * g.out_steps + t) * g.filters + f));
            }
        }
  }

  Floats forward(bool with_bias) const {
    Floats y(dy.size(), NAN);
    way.forward(g, x.data(), kernel.data(), with_bias ? bias.data() : nullptr, nullptr, y.data());
    return y;
  }
  Floats input_gradient() const {
    Floats dx(x.size(), NAN);
    way.input_gradient(g, dy.data(), kernel.data(), dx.data());
    return dx;
  }
  Floats kernel_gradient() const {
    Floats dkernel(kernel.size(), NAN);
    way.kernel_gradient(g, x.data(), dy.data(), dkernel.data());
    return dkernel;
  }

  void check() const {
    CAPTURE(g.batch, g.steps, g.channels, g.taps, g.filters, g.out_steps, g.stride, g.dilation,
            g.groups, g.pad_left);
    Doubles y(dy.size()), dx(x.size()), dkernel(kernel.size());
    for_each_term([&](std::size_t i, std::size_t k, std::size_t o) {
      y[o] += static_cast<double>(x[i]) * static_cast<double>(kernel[k]);
      dx[i] += static_cast<double>(dy[o]) * static_cast<double>(kernel[k]);
      dkernel[k] += static_cast<double>(x[i]) * static_cast<double>(dy[o]);
    });
    CHECK(error_of(forward(false), y) < way.error);
    for (std::size_t i = 0; i < y.size(); ++i) {
      y[i] += static_cast<double>(bias[i % size(g.filters)]);
    }
    CHECK(error_of(forward(true), y) < way.error);
    CHECK(error_of(input_gradient(), dx) < way.error);
    CHECK(error_of(kernel_gradient(), dkernel) < way.error);
  }
};

// Keras's three paddings, or any other.
Conv1DGeometry random_geometry(Dice& dice) {
  Conv1DGeometry g{};
  g.batch = dice.integer(1, 6);
  g.steps = dice.integer(1, 40);
  g.groups = dice.integer(1, 3);
  g.channels = g.groups * dice.integer(1, 9);
  g.filters = g.groups * dice.integer(1, 9);
  g.taps = dice.integer(1, 6);
  g.stride = dice.integer(1, 4);
  g.dilation = dice.integer(1, 4);
  const int64_t span = (g.taps - 1) * g.dilation + 1;
  switch (dice.integer(0, 3)) {
    case 0:  // valid
      g.pad_left = 0;
      g.out_steps = std::max<int64_t>(0, (g.steps - span) / g.stride + (g.steps >= span));
      break;
    case 1:  // same
      g.out_steps = (g.steps + g.stride - 1) / g.stride;
      g.pad_left = std::max<int64_t>(0, (g.out_steps - 1) * g.stride + span - g.steps) / 2;
      break;
    case 2:  // causal
      g.pad_left = span - 1;
      g.out_steps = (g.steps - 1) / g.stride + 1;
      break;
    default:
      g.pad_left = dice.integer(0, 50);
      g.out_steps = dice.integer(0, 60);
  }
  return g;
}

}  // namespace

TEST_CASE("conv1d and its gradients agree with a loop") {
  Dice dice(1);
  for (int i = 0; i < 400; ++i) ConvolutionCase(random_geometry(dice), dice).check();
}

TEST_CASE("conv1d of many blocks agrees with a loop") {
  Dice dice(2);
  // batch, steps, channels, taps, filters, out_steps, stride, dilation, groups, pad_left
  ConvolutionCase({40, 33, 20, 4, 10, 33, 1, 1, 1, 1}, dice).check();
  ConvolutionCase({30, 50, 130, 3, 12, 25, 2, 1, 1, 0}, dice).check();
  ConvolutionCase({2, 1500, 8, 5, 6, 1500, 1, 100, 2, 400}, dice).check();
  ConvolutionCase({700, 3, 4, 2, 5, 3, 1, 1, 1, 1}, dice).check();
}

TEST_CASE("conv1d of nothing") {
  Dice dice(3);
  ConvolutionCase({0, 5, 3, 2, 4, 4, 1, 1, 1, 0}, dice).check();
  ConvolutionCase({2, 0, 3, 2, 4, 4, 1, 1, 1, 1}, dice).check();
  ConvolutionCase({2, 5, 3, 2, 4, 0, 1, 1, 1, 0}, dice).check();
  ConvolutionCase({2, 5, 0, 2, 4, 4, 1, 1, 1, 0}, dice).check();
}

TEST_CASE("conv1d gives the same bits for any number of threads") {
  Dice dice(4);
  const Conv1DGeometry winograd{64, 20, 32, 4, 100, 20, 1, 1, 1, 1};
  CHECK(winograd_wins(winograd));
  for (const Conv1DGeometry& g : {winograd, Conv1DGeometry{3, 3000, 8, 3, 6, 1500, 2, 2, 2, 2}}) {
    const ConvolutionCase problem(g, dice);
    check_same_bits_for_any_threads([&] { return problem.forward(true); });
    check_same_bits_for_any_threads([&] { return problem.input_gradient(); });
    check_same_bits_for_any_threads([&] { return problem.kernel_gradient(); });
  }
}

TEST_CASE("Winograd's convolution and its gradients agree with a loop, in every instruction set") {
  for_each_target([](const char* target) {
    CAPTURE(target);
    Dice dice(5);
    for (int i = 0; i < 60; ++i) {
      Conv1DGeometry g = random_geometry(dice);
      g.stride = g.dilation = 1;
      g.taps = dice.integer(3, 5);
      g.out_steps = std::max<int64_t>(1, g.out_steps);
      ConvolutionCase(g, dice, by_winograd).check();
    }
  });
}

TEST_CASE("Winograd's convolution of many blocks agrees with a loop") {
  Dice dice(6);
  // batch, steps, channels, taps, filters, out_steps, stride, dilation, groups, pad_left
  for (const Conv1DGeometry& g : {Conv1DGeometry{12, 32, 128, 4, 100, 32, 1, 1, 1, 1},
                                  Conv1DGeometry{2, 300, 64, 3, 33, 298, 1, 1, 1, 0},
                                  Conv1DGeometry{10, 41, 96, 5, 64, 41, 1, 1, 2, 2},
                                  Conv1DGeometry{100, 32, 32, 4, 32, 32, 1, 1, 1, 1},
                                  Conv1DGeometry{50, 30, 35, 3, 40, 28, 1, 1, 1, 0}}) {
    CHECK(winograd_wins(g));
    ConvolutionCase(g, dice).check();
  }
}

TEST_CASE("Winograd's convolution is taken where it saves most of the products") {
  const Conv1DGeometry model{32, 32, 128, 4, 100, 32, 1, 1, 1, 1};
  CHECK(winograd_wins(model));
  const auto but = [&](auto change) {
    Conv1DGeometry g = model;
    change(g);
    return winograd_wins(g);
  };
  CHECK_FALSE(but([](Conv1DGeometry& g) { g.stride = 2; }));
  CHECK_FALSE(but([](Conv1DGeometry& g) { g.dilation = 2; }));
  CHECK_FALSE(but([](Conv1DGeometry& g) { g.taps = 2; }));
  CHECK_FALSE(but([](Conv1DGeometry& g) { g.taps = 6; }));
  CHECK_FALSE(but([](Conv1DGeometry& g) { g.channels = 31; }));
  CHECK_FALSE(but([](Conv1DGeometry& g) { g.groups = 4; }));
  CHECK_FALSE(but([](Conv1DGeometry& g) { g.steps = g.out_steps = 1; }));
  CHECK_FALSE(but([](Conv1DGeometry& g) { g.steps = 0; }));
  CHECK_FALSE(but([](Conv1DGeometry& g) { g.filters = 31; }));
  CHECK_FALSE(but([](Conv1DGeometry& g) { g.channels = g.filters = 2048; }));
  CHECK_FALSE(but([](Conv1DGeometry& g) { g.batch = 5; }));     // 55 tiles
  CHECK_FALSE(but([](Conv1DGeometry& g) { g.pad_left = 3; }));  // causal
  CHECK(but([](Conv1DGeometry& g) { g.batch = 6; }));
  CHECK(but([](Conv1DGeometry& g) { g.pad_left = 2; }));
  CHECK(but([](Conv1DGeometry& g) { g.steps = g.out_steps = 8; }));
}

TEST_CASE("a causal convolution gives the same bits whatever comes later") {
  Dice dice(7);
  const int64_t steps = 30, seen = 16, width = 64;
  ConvolutionCase problem({8, steps, width, 4, width, steps, 1, 1, 1, 3}, dice);
  ConvolutionCase changed = problem;
  std::fill(changed.x.begin() + seen * width, changed.x.begin() + steps * width, 1e6f);
  const auto same_before = [&] {
    const Floats a = problem.forward(true), b = changed.forward(true);
    return std::equal(a.begin(), a.begin() + seen * width, b.begin());
  };
  CHECK(same_before());
  problem.way = changed.way = by_winograd;  // which is why this isn't taken
  CHECK_FALSE(same_before());
}

TEST_CASE("a convolution with an activation is that of the one without") {
  Dice dice(8);
  for (const Conv1DGeometry& g : {Conv1DGeometry{6, 32, 40, 4, 36, 32, 1, 1, 1, 1},
                                  Conv1DGeometry{6, 32, 5, 4, 7, 32, 1, 1, 1, 1}}) {
    const ConvolutionCase problem(g, dice);
    Floats expected = problem.forward(true), y(expected.size(), NAN);
    for (float& value : expected) value = std::max(value, 0.0f);
    conv1d(g, problem.x.data(), problem.kernel.data(), problem.bias.data(), relu, y.data());
    CHECK(y == expected);
  }
}
