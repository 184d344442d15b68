#include <kindling/autograd/elementwise.h>

#include <cmath>
#include <limits>
#include <numbers>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/operands.h>
#include <kindling/autograd/shaping.h>
#include <kindling/tensor/broadcast.h>

namespace kindling {
namespace {

using detail::map;

using BinaryKernel = void (*)(const kernels::Broadcast&, const float*, const float*, float*);

// (a's shape), (b's shape) -> (the shape both broadcast to)
Tensor binary(const char* who, BinaryKernel kernel, const Tensor& a, const Tensor& b) {
  const float* x = detail::floats(who, a);
  const float* y = detail::floats(who, b);
  const Shape shape = broadcast_shapes(who, a.shape(), b.shape());
  Tensor c = Tensor::empty(shape, DType::float32, who);
  kernel(broadcast_walk(a.shape(), b.shape(), shape), x, y, c.mutable_floats().data());
  return c;
}

// 1 where the comparison holds, 0 elsewhere, and a half where a == b.
Tensor share(const Tensor& a, const Tensor& b, Tensor (*wins)(const Tensor&, const Tensor&)) {
  return cast(wins(a, b), DType::float32) + 0.5 * cast(equal(a, b), DType::float32);
}

Tensor compare(const char* who, kernels::Comparison op, const Tensor& a, const Tensor& b) {
  if (!a.defined() || !b.defined()) fail("{}: an operand is an undefined tensor", who);
  if (a.dtype() != b.dtype() || a.dtype() == DType::boolean) {
    fail("{}: two float32 or two int32 tensors are needed, got {} and {}", who, name(a.dtype()),
         name(b.dtype()));
  }
  const Shape shape = broadcast_shapes(who, a.shape(), b.shape());
  const kernels::Broadcast walk = broadcast_walk(a.shape(), b.shape(), shape);
  Tensor c = Tensor::empty(shape, DType::boolean, who);
  if (a.dtype() == DType::float32) {
    kernels::compare(op, walk, a.floats().data(), b.floats().data(), c.mutable_bools().data());
  } else {
    kernels::compare(op, walk, a.ints().data(), b.ints().data(), c.mutable_bools().data());
  }
  return c;
}

// A number as a tensor of x's dtype, where that has it.
Tensor like(const char* who, const Tensor& x, double number) {
  if (x.dtype() != DType::int32) return scalar(number);
  using Limits = std::numeric_limits<std::int32_t>;
  if (!(number >= Limits::min() && number <= Limits::max() && number == std::floor(number))) {
    fail("{}: an int32 tensor is compared with an int32 number, got {}", who, number);
  }
  const auto value = static_cast<std::int32_t>(number);
  return tensor(std::span(&value, 1), Shape{});
}

template <class F>
Tensor logical(const char* who, const Tensor& a, const Tensor& b, F f) {
  detail::require(who, a, DType::boolean);
  detail::require(who, b, DType::boolean);
  const Shape shape = broadcast_shapes(who, a.shape(), b.shape());
  const Tensor x = broadcast_to(a, shape), y = broadcast_to(b, shape);
  Tensor c = Tensor::empty(shape, DType::boolean, who);
  const auto out = c.mutable_bools();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = f(x.bools()[i], y.bools()[i]);
  return c;
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  const auto same = [](const Tensor& g) { return g; };
  return record("add", binary("add", kernels::add, a, b), wrt(a, same),
                wrt(b, same));
}

Tensor subtract(const Tensor& a, const Tensor& b) {
  return record("subtract", binary("subtract", kernels::subtract, a, b),
                wrt(a, [](const Tensor& g) { return g; }),
                wrt(b, [](const Tensor& g) { return -g; }));
}

Tensor multiply(const Tensor& a, const Tensor& b) {
  return record("multiply", binary("multiply", kernels::multiply, a, b),
                wrt(a, [b](const Tensor& g) { return g * b; }),
                wrt(b, [a](const Tensor& g) { return g * a; }));
}

Tensor divide(const Tensor& a, const Tensor& b) {
  const Tensor y = binary("divide", kernels::divide, a, b);
  return record("divide", y, wrt(a, [b](const Tensor& g) { return g / b; }),
                wrt(b, [b, y](const Tensor& g) { return -(g / b * y); }));
}

Tensor maximum(const Tensor& a, const Tensor& b) {
  return record("maximum", binary("maximum", kernels::maximum, a, b),
                wrt(a, [a, b](const Tensor& g) { return g * share(a, b, greater); }),
                wrt(b, [a, b](const Tensor& g) { return g * share(a, b, less); }));
}

Tensor minimum(const Tensor& a, const Tensor& b) {
  return record("minimum", binary("minimum", kernels::minimum, a, b),
                wrt(a, [a, b](const Tensor& g) { return g * share(a, b, less); }),
                wrt(b, [a, b](const Tensor& g) { return g * share(a, b, greater); }));
}

Tensor power(const Tensor& a, const Tensor& b) {
  const Tensor y = binary("power", kernels::power, a, b);
  return record("power", y,
                wrt(a, [a, b](const Tensor& g) {
                  const Tensor slope = b * power(a, b - 1);
                  return g * where(equal(b, 0), scalar(0), slope);  // also where a is 0
                }),
                wrt(b, [a, y](const Tensor& g) { return g * y * log(a); }));
}

Tensor power(const Tensor& a, double b) { return power(a, scalar(b)); }

Tensor affine(const Tensor& x, double scale, double offset, const char* who) {
  return record(who,
                map(who, kernels::affine, x, static_cast<float>(scale), static_cast<float>(offset)),
                wrt(x, [scale](const Tensor& g) { return scale == 1 ? g : g * scale; }));
}

Tensor negative(const Tensor& x) {
  return record("negative", map("negative", kernels::negative, x),
                wrt(x, [](const Tensor& g) { return -g; }));
}

Tensor abs(const Tensor& x) {
  return record("abs", map("abs", kernels::absolute, x),
                wrt(x, [x](const Tensor& g) { return g * map("sign", kernels::sign, x); }));
}

Tensor square(const Tensor& x) {
  return record("square", map("square", kernels::square, x),
                wrt(x, [x](const Tensor& g) { return 2 * x * g; }));
}

Tensor sqrt(const Tensor& x) {
  const Tensor y = map("sqrt", kernels::sqrt, x);
  return record("sqrt", y, wrt(x, [y](const Tensor& g) { return g / (2 * y); }));
}

Tensor reciprocal(const Tensor& x) {
  const Tensor y = map("reciprocal", kernels::reciprocal, x);
  return record("reciprocal", y, wrt(x, [y](const Tensor& g) { return -(g * square(y)); }));
}

Tensor exp(const Tensor& x) {
  const Tensor y = map("exp", kernels::exp, x);
  return record("exp", y, wrt(x, [y](const Tensor& g) { return g * y; }));
}

Tensor expm1(const Tensor& x) {
  const Tensor y = map("expm1", kernels::expm1, x);
  return record("expm1", y, wrt(x, [y](const Tensor& g) { return g * (y + 1); }));
}

Tensor log(const Tensor& x) {
  return record("log", map("log", kernels::log, x),
                wrt(x, [x](const Tensor& g) { return g / x; }));
}

Tensor log1p(const Tensor& x) {
  return record("log1p", map("log1p", kernels::log1p, x),
                wrt(x, [x](const Tensor& g) { return g / (x + 1); }));
}

Tensor sin(const Tensor& x) {
  return record("sin", map("sin", kernels::sin, x),
                wrt(x, [x](const Tensor& g) { return g * cos(x); }));
}

Tensor cos(const Tensor& x) {
  return record("cos", map("cos", kernels::cos, x),
                wrt(x, [x](const Tensor& g) { return -(g * sin(x)); }));
}

Tensor erf(const Tensor& x) {
  // erf'(x) = 2 / sqrt(pi) * exp(-x^2)
  constexpr double factor = 2 * std::numbers::inv_sqrtpi;
  return record("erf", map("erf", kernels::erf, x),
                wrt(x, [x](const Tensor& g) { return g * (factor * exp(-square(x))); }));
}

Tensor clip(const Tensor& x, double low, double high) {
  if (!(low <= high)) fail("clip: low is at most high, got {} and {}", low, high);
  return record("clip", map("clip", kernels::clip, x, static_cast<float>(low),
                            static_cast<float>(high)),
                wrt(x, [x, low, high](const Tensor& g) {
                  const Tensor inside = logical_and(greater_equal(x, low), less_equal(x, high));
                  return g * cast(inside, DType::float32);
                }));
}

Tensor equal(const Tensor& a, const Tensor& b) {
  return compare("equal", kernels::Comparison::equal, a, b);
}
Tensor not_equal(const Tensor& a, const Tensor& b) {
  return compare("not_equal", kernels::Comparison::not_equal, a, b);
}
Tensor less(const Tensor& a, const Tensor& b) {
  return compare("less", kernels::Comparison::less, a, b);
}
Tensor less_equal(const Tensor& a, const Tensor& b) {
  return compare("less_equal", kernels::Comparison::less_equal, a, b);
}
Tensor greater(const Tensor& a, const Tensor& b) {
  return compare("greater", kernels::Comparison::greater, a, b);
}
Tensor greater_equal(const Tensor& a, const Tensor& b) {
  return compare("greater_equal", kernels::Comparison::greater_equal, a, b);
}
Tensor equal(const Tensor& a, double b) { return equal(a, like("equal", a, b)); }
Tensor not_equal(const Tensor& a, double b) { return not_equal(a, like("not_equal", a, b)); }
Tensor less(const Tensor& a, double b) { return less(a, like("less", a, b)); }
Tensor less_equal(const Tensor& a, double b) { return less_equal(a, like("less_equal", a, b)); }
Tensor greater(const Tensor& a, double b) { return greater(a, like("greater", a, b)); }
Tensor greater_equal(const Tensor& a, double b) {
  return greater_equal(a, like("greater_equal", a, b));
}

Tensor logical_and(const Tensor& a, const Tensor& b) {
  return logical("logical_and", a, b, [](bool x, bool y) { return x && y; });
}
Tensor logical_or(const Tensor& a, const Tensor& b) {
  return logical("logical_or", a, b, [](bool x, bool y) { return x || y; });
}
Tensor logical_not(const Tensor& x) {
  return logical("logical_not", x, x, [](bool v, bool) { return !v; });
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  detail::require("where", condition, DType::boolean);
  detail::require("where", a, DType::float32);
  detail::require("where", b, DType::float32);
  const Shape shape = broadcast_shapes(
      "where", condition.shape(), broadcast_shapes("where", a.shape(), b.shape()));
  const Tensor c = broadcast_to(condition, shape);
  const Tensor x = broadcast_to(stop_gradient(a), shape);
  const Tensor y = broadcast_to(stop_gradient(b), shape);
  Tensor result = Tensor::empty(shape, DType::float32, "where");
  kernels::select(c.bools().data(), x.floats().data(), y.floats().data(),
                  result.mutable_floats().data(), result.elements());
  const Tensor zero = scalar(0);
  return record("where", result,
                wrt(a, [c, zero](const Tensor& g) { return where(c, g, zero); }),
                wrt(b, [c, zero](const Tensor& g) { return where(c, zero, g); }));
}

}  // namespace kindling
