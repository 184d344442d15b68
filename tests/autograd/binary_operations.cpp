// Operations of two operands and more, in every kind of broadcasting; comparisons.
#include "tests/autograd/operations.h"

namespace kindling {
namespace {

using OfTwo = std::function<Tensor(const Tensor&, const Tensor&)>;
using Naive = std::function<double(double, double)>;

struct Kind {
  const char* name;
  Shape a, b, result;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"same shape", {2, 3}, {2, 3}, {2, 3}},
      {"scalars", {}, {}, {}},
      {"a number", {2, 3}, {}, {2, 3}},
      {"one element", {2, 3}, {1}, {2, 3}},
      {"a row", {2, 3}, {3}, {2, 3}},
      {"a column", {2, 3}, {2, 1}, {2, 3}},
      {"row and column", {1, 3}, {2, 1}, {2, 3}},
      {"a matrix of many", {2, 2, 3}, {2, 3}, {2, 2, 3}},
      {"a middle axis", {2, 1, 3}, {2, 4, 3}, {2, 4, 3}},
      {"outer axes", {3, 1, 2}, {2, 1}, {3, 2, 2}},
      {"six axes", {1, 2, 1, 2, 1, 2}, {2, 1, 2, 1, 2, 1}, {2, 2, 2, 2, 2, 2}},
      {"nothing", {0, 3}, {1, 3}, {0, 3}}};
  return all;
}

// Each kind both ways round; b's elements keep a distance to a's, so neither is at a corner.
void add_binary(Operations& all, const char* name, const OfTwo& f, const Naive& naive,
                double low, double high) {
  const auto operands = [&](const Kind& kind) {
    Tensor a = uniforms(kind.a, 3, low, high);
    Tensor b = uniforms(kind.b, 4, low, high);
    // On two grids of 0.4, one moved by 0.2.
    for (float& v : a.mutable_floats()) v = std::round(v / 0.4f) * 0.4f;
    for (float& v : b.mutable_floats()) v = std::round(v / 0.4f) * 0.4f + 0.2f;
    return std::pair(a, b);
  };
  for (const Kind& kind : kinds()) {
    const auto [a, b] = operands(kind);
    const auto expected = [&](const Tensor& x, const Tensor& y) {
      return tensor_of(kind.result,
                       [&](const Index& i) { return naive(element(x, i), element(y, i)); });
    };
    const auto call = [f](const Tensors& in) { return f(in[0], in[1]); };
    all.push_back({name, kind.name, call, {a, b}, expected(a, b)});
    all.push_back({name, std::string(kind.name) + ", swapped", call, {b, a}, expected(b, a)});
  }
}

void add_binaries(Operations& all) {
  add_binary(all, "add", add, std::plus<>(), -2, 2);
  add_binary(all, "subtract", subtract, std::minus<>(), -2, 2);
  add_binary(all, "multiply", multiply, std::multiplies<>(), -2, 2);
  add_binary(all, "divide", divide, std::divides<>(), 1.2, 3);
  add_binary(all, "maximum", maximum, [](double a, double b) { return std::max(a, b); }, -2, 2);
  add_binary(all, "minimum", minimum, [](double a, double b) { return std::min(a, b); }, -2, 2);
  add_binary(all, "power",
             [](const Tensor& a, const Tensor& b) { return power(a, b); },
             [](double a, double b) { return std::pow(a, b); }, 1.2, 3);
  add_binary(all, "operator+", [](const Tensor& a, const Tensor& b) { return a + b; },
             std::plus<>(), -2, 2);
  add_binary(all, "operator-", [](const Tensor& a, const Tensor& b) { return a - b; },
             std::minus<>(), -2, 2);
  add_binary(all, "operator*", [](const Tensor& a, const Tensor& b) { return a * b; },
             std::multiplies<>(), -2, 2);
  add_binary(all, "operator/", [](const Tensor& a, const Tensor& b) { return a / b; },
             std::divides<>(), 1.2, 3);
}

void add_wheres(Operations& all) {
  struct Shapes3 {
    Shape condition, a, b, result;
  };
  const Shapes3 cases[] = {{{2, 3}, {2, 3}, {2, 3}, {2, 3}}, {{2, 3}, {}, {2, 3}, {2, 3}},
                           {{2, 1}, {3}, {}, {2, 3}},        {{3}, {2, 1}, {2, 3}, {2, 3}},
                           {{2, 2, 1}, {2, 3}, {}, {2, 2, 3}}, {{}, {2, 3}, {1, 3}, {2, 3}}};
  for (const Shapes3& c : cases) {
    const Tensor condition = coins(c.condition, 5), a = normals(c.a, 6), b = normals(c.b, 7);
    all.push_back({"where", c.condition.str() + c.a.str() + c.b.str(),
                   [](const Tensors& in) { return where(in[0], in[1], in[2]); },
                   {condition, a, b},
                   tensor_of(c.result, [&](const Index& i) {
                     return element(condition, i) != 0 ? element(a, i) : element(b, i);
                   })});
  }
}

Tensor as_bools(const Tensor& x) { return cast(x, DType::boolean); }

void add_comparison(Operations& all, const char* name,
                    Tensor (*f)(const Tensor&, const Tensor&),
                    Tensor (*with)(const Tensor&, double), const Naive& naive) {
  for (const Kind& kind : kinds()) {
    const Tensor a = random_ids(kind.a, 8, 3), b = random_ids(kind.b, 9, 3);
    const Tensor expected = as_bools(tensor_of(
        kind.result, [&](const Index& i) { return naive(element(a, i), element(b, i)); }));
    const auto call = [f](const Tensors& in) { return f(in[0], in[1]); };
    all.push_back({name, std::string("int32, ") + kind.name, call, {a, b}, expected, false});
    const Tensor x = cast(a, DType::float32), y = cast(b, DType::float32);
    all.push_back({name, std::string("float32, ") + kind.name, call, {x, y}, expected, false});
  }
  const Tensor x = tensor({-1.0, 1.0, 2.0, 3.0}), ids = cast(x, DType::int32);
  const Tensor expected =
      as_bools(tensor_of({4}, [&](const Index& i) { return naive(element(x, i), 2); }));
  const auto number = [with](const Tensors& in) { return with(in[0], 2); };
  all.push_back({name, "a number", number, {x}, expected, false});
  all.push_back({name, "a number, int32", number, {ids}, expected, false});
}

void add_logicals(Operations& all) {
  const Tensor a = mask_of({{true, true, false, false}}), b = mask_of({{true, false, true, false}});
  all.push_back({"logical_and", "", [](const Tensors& in) { return logical_and(in[0], in[1]); },
                 {a, b}, mask_of({{true, false, false, false}}), false});
  all.push_back({"logical_or", "", [](const Tensors& in) { return logical_or(in[0], in[1]); },
                 {a, b}, mask_of({{true, true, true, false}}), false});
  all.push_back({"logical_not", "", [](const Tensors& in) { return logical_not(in[0]); }, {a},
                 mask_of({{false, false, true, true}}), false});
}

}  // namespace

Operations comparison_operations() {
  Operations all;
  add_comparison(all, "equal", equal, equal, std::equal_to<>());
  add_comparison(all, "not_equal", not_equal, not_equal, std::not_equal_to<>());
  add_comparison(all, "less", less, less, std::less<>());
  add_comparison(all, "less_equal", less_equal, less_equal, std::less_equal<>());
  add_comparison(all, "greater", greater, greater, std::greater<>());
  add_comparison(all, "greater_equal", greater_equal, greater_equal, std::greater_equal<>());
  add_logicals(all);
  add_wheres(all);
  add_binaries(all);
  return all;
}

}  // namespace kindling
