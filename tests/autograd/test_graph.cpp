// The graph and backward: what is summed, kept, freed, refused and left alone.
#include <memory>
#include <thread>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

// An operation that counts how often its partials run.
Tensor counted(const Tensor& a, const Tensor& b, int& for_a, int& for_b) {
  return record("counted", add(stop_gradient(a), stop_gradient(b)),
                wrt(a, std::function<Tensor(const Tensor&)>([&for_a](const Tensor& g) {
                      ++for_a;
                      return g;
                    })),
                wrt(b, std::function<Tensor(const Tensor&)>([&for_b](const Tensor& g) {
                      ++for_b;
                      return g;
                    })));
}

}  // namespace

TEST_CASE("Gradients of everything that used a variable add up") {
  const Tensor x = variable(tensor({1.0, 2.0, 3.0}));
  const Tensor twice = x * 2;
  // d/dx of x^2 + 3 (2x) + (2x) x + sum(x) for each of three elements
  backward(sum(square(x) + 3 * twice + twice * x + sum(x)));
  check_close(grad(x), tensor({2.0 + 6 + 4 + 3, 4.0 + 6 + 8 + 3, 6.0 + 6 + 12 + 3}));
}

TEST_CASE("An operand that comes twice gets both gradients") {
  const Tensor x = variable(tensor({2.0, 3.0}));
  backward(sum(x + x));
  check_close(grad(x), tensor({2.0, 2.0}));
  take_gradient(x);
  backward(sum(concatenate({x, x, x}) * tensor({1.0, 2.0, 3.0, 4.0, 5.0, 6.0})));
  check_close(grad(x), tensor({9.0, 12.0}));
}

TEST_CASE("A diamond is walked once, however many paths go through it") {
  Tensor y = variable(scalar(1));
  const Tensor x = y;
  for (int i = 0; i < 60; ++i) y = 0.5 * (y + y);  // 2^60 paths
  backward(y);
  CHECK(grad(x).item() == 1);
}

TEST_CASE("Gradients stay in a variable and add up until they are taken") {
  const Tensor x = variable(tensor({1.0, 2.0}));
  CHECK_FALSE(grad(x).defined());
  backward(sum(3 * x));
  const Tensor first = grad(x);
  check_close(first, tensor({3.0, 3.0}));
  backward(sum(x * x));
  check_close(grad(x), tensor({5.0, 7.0}));
  check_close(first, tensor({3.0, 3.0}));  // what was handed out stays as it was
  check_close(take_gradient(x).dense(), tensor({5.0, 7.0}));
  CHECK_FALSE(grad(x).defined());
  CHECK_FALSE(take_gradient(x).defined());
  backward(sum(x));
  check_close(grad(x), tensor({1.0, 1.0}));
}

TEST_CASE("Backward runs from several results, each with its gradient") {
  const Tensor x = variable(tensor({1.0, 2.0}));
  const Tensor y = x * 3, z = square(x);
  const Tensor g = tensor({10.0, 100.0});
  backward({y, z, y}, {tensor({1.0, 2.0}), g, tensor({0.5, 0.5})});
  check_close(grad(x), tensor({4.5 + 20, 7.5 + 400}));
  check_close(g, tensor({10.0, 100.0}));
  // A variable may be a result; results without history are left out.
  const Tensor w = variable(scalar(1));
  backward({w, scalar(2)}, {scalar(5), scalar(7)});
  CHECK(grad(w).item() == 5);
}

TEST_CASE("A graph that was used is refused") {
  const Tensor x = variable(tensor({1.0, 2.0}));
  const Tensor loss = sum(square(x));
  backward(loss);
  CHECK(message_of([&] { backward(loss); }) ==
        "backward: \"sum\" was used by an earlier backward, which let go of what it needs; "
        "run the forward pass again");
  const Tensor shared = square(x);
  backward(sum(shared));
  CHECK(message_of([&] { backward(sum(shared * 2)); }) ==
        "backward: \"square\" was used by an earlier backward, which let go of what it needs; "
        "run the forward pass again");
}

TEST_CASE("After a backward that failed the rest of the graph still works") {
  const Tensor x = variable(scalar(3));
  const Tensor fresh = square(x), used = 2 * x;
  backward(used);
  take_gradient(x);
  CHECK(message_of([&] { backward({fresh, used}, {scalar(1), scalar(1)}); }) !=
        "no error");
  backward(fresh);
  CHECK(grad(x).item() == 6);

  const Tensor y = variable(scalar(3));
  const Tensor before = square(y);
  const Tensor bad = record("bad", before * 2, wrt(before, [](const Tensor&) -> Tensor {
                              throw Error("bad: no derivative");
                            }));
  const Tensor side = before * 5;
  CHECK(message_of([&] { backward(bad + side); }) == "bad: no derivative");
  backward(before);
  CHECK(grad(y).item() == 6);
}

TEST_CASE("Backward wants defined results and float32 gradients") {
  const Tensor v = variable(tensor({1.0, 2.0}));
  CHECK(message_of([&] { backward({v * 2}, {tensor({1, 2})}); }) ==
        "backward: gradients are float32, got int32 for result 0");
  CHECK(message_of([&] { backward({v * 2}, {Tensor()}); }) ==
        "backward: result 0 or its gradient is an undefined tensor");
  CHECK(message_of([] { backward(Tensor()); }) == "backward: the loss is an undefined tensor");
  CHECK(message_of([] { variable(Tensor()); }) == "variable: the value is an undefined tensor");
}

TEST_CASE("What backward can't start from is refused") {
  const Tensor x = variable(tensor({1.0, 2.0}));
  CHECK(message_of([&] { backward(x * 2); }) ==
        "backward: a loss has one element, got shape (2,); take its mean or sum, or give "
        "gradients");
  CHECK(message_of([&] { backward(sum(stop_gradient(x))); }) ==
        "backward: no variable was used to compute this, or it was computed under NoGrad");
  CHECK(message_of([&] { backward({x * 2}, {scalar(1)}); }) ==
        "backward: result 0 and its gradient differ in shape [result (2,), gradient ()]");
  CHECK(message_of([&] { backward({x * 2}, {}); }) ==
        "backward: a gradient a result is needed, got 0 for 1");
  CHECK(message_of([&] { grad(x * 2); }) ==
        "grad: only a variable keeps its gradient, got multiply of shape (2,)");
  CHECK(message_of([&] { grad(stop_gradient(x)); }) ==
        "grad: only a variable keeps its gradient, got a plain tensor of shape (2,)");
  CHECK(message_of([] { variable(arange(3)); }) ==
        "variable: only float32 has gradients, got int32 (3,)");
  const Tensor odd = record("odd", x * 1, wrt(x, [](const Tensor&) { return scalar(1); }));
  CHECK(message_of([&] { backward(sum(odd)); }) ==
        "backward: a partial of \"odd\" returned () for an input of (2,)");
}

TEST_CASE("Under NoGrad nothing is recorded, on that thread and while it lives") {
  const Tensor x = variable(scalar(2));
  {
    const NoGrad outer;
    CHECK_FALSE(recording());
    {
      const NoGrad inner;
    }
    CHECK_FALSE(recording());
    CHECK(square(x).node() == nullptr);
    CHECK(concatenate({x.reshaped({1}), reshape(x, {1})}).node() == nullptr);
    bool elsewhere = false;
    std::thread([&] { elsewhere = recording(); }).join();
    CHECK(elsewhere);
  }
  CHECK(recording());
  CHECK(square(x).node() != nullptr);
}

TEST_CASE("stop_gradient cuts a path, and shares memory") {
  const Tensor x = variable(scalar(3));
  const Tensor y = square(x);
  CHECK(stop_gradient(y).same_memory(y));
  backward(x * stop_gradient(y));
  CHECK(grad(x).item() == 9);
}

TEST_CASE("A partial that nobody asked for doesn't run") {
  const Tensor x = variable(scalar(1)), constant = scalar(2);
  int for_x = 0, for_constant = 0;
  backward(counted(x, constant, for_x, for_constant));
  CHECK(for_x == 1);
  CHECK(for_constant == 0);
  // Nor does one of an operation that the loss doesn't depend on.
  int aside = 0, other = 0;
  const Tensor y = square(x);
  const Tensor unused = counted(y, y, aside, other);
  backward(y * 2);
  CHECK(aside + other == 0);
  CHECK(for_x == 1);
}

TEST_CASE("A fused operation is told which gradients are wanted") {
  const Tensor a = variable(scalar(2)), b = scalar(3), c = variable(scalar(4));
  std::vector<bool> told;
  std::vector<bool> given;
  const Tensors results = record_fused(
      "fused", {scalar(1), scalar(2)}, {a, b, c, Tensor()},
      [&](const Tensors& g, const std::vector<bool>& wanted) {
        told = wanted;
        for (const Tensor& one : g) given.push_back(one.defined());
        CHECK_FALSE(recording());
        return std::vector<Gradient>{g[1] * 10, scalar(99), {}, {}};
      });
  backward(results[1] * 7);
  CHECK(told == std::vector<bool>{true, false, true, false});
  CHECK(given == std::vector<bool>{false, true});
  CHECK(grad(a).item() == 70);
  CHECK_FALSE(grad(c).defined());
}

TEST_CASE("Gradients are summed over what was repeated, in every axis") {
  const Tensor x = variable(normals({2, 1, 3}, 50));
  const Tensor g = normals({4, 2, 5, 3}, 51);
  backward({broadcast_to(x, {4, 2, 5, 3})}, {g});
  check_close(grad(x), tensor_of({2, 1, 3}, [&](const Index& at) {
                double sum = 0;
                for (std::int64_t i = 0; i < 4; ++i) {
                  for (std::int64_t j = 0; j < 5; ++j) sum += element(g, {i, at[0], j, at[2]});
                }
                return sum;
              }));
}

TEST_CASE("Products without elements have gradients, and their empty sums are zero") {
  const Tensor a = variable(zeros({3, 2, 0})), b = variable(zeros({0, 4}));
  const Tensor c = matmul(a, b);
  CHECK(same_bits(stop_gradient(c), zeros({3, 2, 4})));
  backward(sum(c));
  CHECK(grad(b).shape() == Shape{0, 4});
  const Tensor x = variable(zeros({2, 3, 5})), w = variable(zeros({5, 0}));
  backward(sum(matmul(x, w)));
  CHECK(same_bits(grad(x), zeros({2, 3, 5})));
  CHECK(grad(w).shape() == Shape{5, 0});
}

TEST_CASE("Derivatives neither overflow nor cancel where the result doesn't") {
  const auto slope = [](auto f, double x) {
    const Tensor v = variable(scalar(x));
    backward(f(v));
    return static_cast<double>(grad(v).item());
  };
  for (const double b : {1e20, 1e-18}) {
    const auto ratio = [b](const Tensor& x) { return scalar(b) / x; };
    CHECK(slope(ratio, b) == Approx(-1 / b));
  }
  for (const double x : {-1e4, 1e6, 1e8}) {
    CHECK(slope(softsign, x) == Approx(1 / (1 + std::abs(x)) / (1 + std::abs(x))));
  }
  CHECK(slope([](const Tensor& x) { return power(x, 0); }, 0) == 0);
  CHECK(slope([](const Tensor& x) { return power(x, 2); }, 0) == 0);
}

TEST_CASE("Numbers beside an int32 tensor are compared as whole numbers") {
  const Tensor large = tensor({16777217, 16777216});
  CHECK(numbers(equal(large, 16777217)) == std::vector<double>{1, 0});
  CHECK(numbers(less(large, 16777217)) == std::vector<double>{0, 1});
}

TEST_CASE("A gradient says of itself what it is") {
  const auto rows = [](const Tensor& ids, const Tensor& values) {
    return message_of([&] { Gradient(Shape{3, 2}, Rows{ids, values}); });
  };
  CHECK(rows(tensor({0, 2}), zeros({2, 2})) == "no error");
  CHECK(rows(tensor({0, 3}), zeros({2, 2})) == "Gradient: id 3 is outside [0, 3)");
  CHECK(rows(tensor({0, 2}), zeros({2, 5})) ==
        "Gradient: rows are ids (n,) and values (n, width) of a table [ids (2,), values (2, 5), "
        "table (3, 2)]");
  const Tensor w = variable(zeros({5, 2}));
  const Tensor y = record("rows", scalar(0), wrt(w, [](const Tensor&) {
                            return Gradient(Shape{3, 2}, Rows{tensor({0}), zeros({1, 2})});
                          }));
  CHECK(message_of([&] { backward(y); }) ==
        "backward: a partial of \"rows\" returned rows of a table (3, 2) for an input of (5, 2)");
}

TEST_CASE("Equal largest elements share the gradient, as do equal operands") {
  const Tensor x = variable(tensor({{1.0, 4.0, 4.0}, {2.0, 2.0, 2.0}}));
  backward(sum(max(x, {.axis = {1}})));
  check_close(grad(x), tensor({{0.0, 0.5, 0.5}, {1.0 / 3, 1.0 / 3, 1.0 / 3}}));
  const Tensor a = variable(tensor({1.0, 2.0})), b = variable(tensor({1.0, 3.0}));
  backward(sum(maximum(a, b)));
  check_close(grad(a), tensor({0.5, 0.0}));
  check_close(grad(b), tensor({0.5, 1.0}));
  const Tensor corners = variable(tensor({-1.0, 0.0, 6.0, 7.0}));
  backward(sum(relu6(corners) + abs(corners) + relu(corners) + clip(corners, 0, 6)));
  check_close(grad(corners), tensor({-1.0, 0.0 + 0 + 0 + 1, 0.0 + 1 + 1 + 1, 0.0 + 1 + 1 + 0}));
}

TEST_CASE("A gradient from outside is a number: it has no history and no memory of a variable") {
  const Tensor x = variable(tensor({1.0, 2.0})), v = variable(tensor({3.0, 4.0}));
  const Tensor y = variable(tensor({1.0, 2.0}));
  backward({linear(x)}, {v});
  backward({linear(y)}, {stop_gradient(v)});
  CHECK(grad(x).node() == nullptr);
  Tensor handle = v;
  handle.mutable_floats()[0] = 7;
  check_close(grad(x), tensor({3.0, 4.0}), 0);
  check_close(grad(y), tensor({3.0, 4.0}), 0);
}

TEST_CASE("A fused operation returns a gradient an input") {
  const Tensor x = variable(tensor({1.0})), y = variable(tensor({2.0}));
  const auto pair = record_fused("pair", {tensor({3.0})}, {x, y},
                                 [](const Tensors& g, const std::vector<bool>&) {
                                   return std::vector<Gradient>{g[0]};
                                 });
  CHECK(message_of([&] { backward(pair[0]); }) ==
        "backward: \"pair\" has 2 inputs, but returned 1 gradients");
}

TEST_CASE("Observers may go in any order") {
  struct Counter : OperationObserver {
    int seen = 0;
    void on_forward(const char*, std::uint64_t, const Tensors&, const Tensors&) override { ++seen; }
  };
  auto first = std::make_unique<Counter>(), second = std::make_unique<Counter>();
  relu(tensor({1.0}));
  CHECK(second->seen == 1);
  first.reset();
  relu(tensor({1.0}));
  CHECK(second->seen == 2);
  second.reset();
  relu(tensor({1.0}));  // nobody is told
}

TEST_CASE("The mean of equal numbers is that number") {
  for (const std::int64_t n : {3, 41, 47, 55, 61, 82, 83, 1000}) CHECK(mean(ones({n})).item() == 1);
}

TEST_CASE("A row that is masked whole is 0 and passes no gradient, as in Keras") {
  const Tensor x = variable(tensor({{1.0, 500.0, -3.0, 0.0}, {1.0, 2.0, 3.0, 4.0}}));
  const Tensor y = masked_softmax(x, mask_of({{false, false, false, false},
                                              {true, false, false, true}}));
  const double e = std::exp(-3.0);
  check_close(y, tensor({{0.0, 0.0, 0.0, 0.0}, {e / (1 + e), 0.0, 0.0, 1 / (1 + e)}}));
  const Tensor g = tensor({{1.0, 2.0, 3.0, 6.0}, {1.0, 2.0, 3.0, 4.0}});
  backward({y}, {g});
  const double mean = (e + 4) / (1 + e);
  check_close(grad(x), tensor({{0.0, 0.0, 0.0, 0.0},
                               {e / (1 + e) * (1 - mean), 0.0, 0.0, (4 - mean) / (1 + e)}}));
}
