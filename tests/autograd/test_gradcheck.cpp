// gradcheck finds wrong derivatives.
#include <kindling/autograd/gradcheck.h>
#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

// a * b, whose derivative for b is wrong by a factor.
Tensor planted(const Tensor& a, const Tensor& b, double factor) {
  return record("planted", stop_gradient(a) * stop_gradient(b),
                wrt(a, std::function<Tensor(const Tensor&)>([b](const Tensor& g) {
                      return g * b;
                    })),
                wrt(b, std::function<Tensor(const Tensor&)>([a, factor](const Tensor& g) {
                      return g * a * factor;
                    })));
}

std::string checked(double factor) {
  const Tensors inputs = {tensor({{1.0, 2.0}, {3.0, 4.0}}), tensor({{5.0, 6.0}, {7.0, 8.0}})};
  return message_of([&] {
    gradcheck([&](const Tensors& x) { return sum(planted(x[0], x[1], factor)); }, inputs);
  });
}

}  // namespace

TEST_CASE("A wrong derivative is found, with its place and both numbers") {
  CHECK(checked(1) == "no error");
  const std::string message = checked(0.5);
  CHECK(message.starts_with("gradcheck: input 1 at (0, 0): backward says "));
  CHECK(message.find(", differences say ") != std::string::npos);
  const auto number_after = [&](const std::string& words) {
    return std::stod(message.substr(message.find(words) + words.size()));
  };
  CHECK(number_after("differences say ") == Approx(2 * number_after("backward says ")));
  CHECK(checked(1.01) != "no error");
  CHECK(checked(-1) != "no error");
}

TEST_CASE("A gradient in one wrong place is found") {
  const auto shifted = [](const Tensors& in) {
    return record("shifted", square(stop_gradient(in[0])), wrt(in[0], [x = in[0]](const Tensor& g) {
                    Tensor dx = (2 * x * g).clone();
                    dx.mutable_floats()[4] *= 1.5f;
                    return dx;
                  }));
  };
  CHECK(message_of([&] { gradcheck(shifted, {normals({2, 3}, 1) + 2}); })
            .starts_with("gradcheck: input 0 at (1, 1): backward says "));
}

TEST_CASE("A gradient that never comes, or that is no number, is found") {
  const auto forgotten = [](const Tensors& x) { return stop_gradient(x[0]) + 0 * x[1]; };
  CHECK(message_of([&] { gradcheck(forgotten, {scalar(1), scalar(2)}); })
            .starts_with("gradcheck: input 0 at (): backward says 0, differences say "));
  const auto nan = [](const Tensors& x) {
    return record("nan", x[0] * 1, wrt(x[0], [](const Tensor& g) { return g * NAN; }));
  };
  CHECK(message_of([&] { gradcheck(nan, {scalar(1)}); })
            .starts_with("gradcheck: input 0 at (): backward says nan"));
}

TEST_CASE("gradcheck leaves its inputs alone and passes others as they are") {
  const Tensor x = tensor({1.0, 2.0}), condition = mask_of({{true, false}}).reshaped({2});
  const Tensor before = x.clone();
  gradcheck([](const Tensors& in) {
    CHECK_FALSE(in[2].defined());
    CHECK(in[1].dtype() == DType::boolean);
    return where(in[1], square(in[0]), in[0]);
  }, {x, condition, Tensor()});
  CHECK(same_bits(x, before));
  CHECK(x.sole_owner());
}

TEST_CASE("gradcheck's step and tolerance are options") {
  const auto steep = [](const Tensors& x) { return exp(4 * x[0]); };
  CHECK(message_of([&] { gradcheck(steep, {scalar(1)}, {.tolerance = 1e-9}); }) != "no error");
  CHECK(message_of([&] { gradcheck(steep, {scalar(1)}, {.tolerance = 1e-2}); }) == "no error");
}
