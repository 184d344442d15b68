// Gradients of a table whose rows were looked up.
#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

// Rows added up one by one.
Tensor naive_rows(const Shape& table, const Tensor& ids, const Tensor& g) {
  Tensor sum = zeros(table);
  const auto width = static_cast<std::size_t>(table.inner(0));
  for (std::size_t i = 0; i < ids.ints().size(); ++i) {
    for (std::size_t k = 0; k < width; ++k) {
      const auto row = static_cast<std::size_t>(ids.ints()[i]);
      sum.mutable_floats()[row * width + k] += g.floats()[i * width + k];
    }
  }
  return sum;
}

const Tensor& ids() {
  static const Tensor tensor = kindling::tensor({{4, 0, 4}, {1, 4, 0}});
  return tensor;
}

}  // namespace

TEST_CASE("The gradient of a variable's looked-up rows is rows") {
  const Tensor table = variable(normals({6, 3}, 1));
  const Tensor g = normals({2, 3, 3}, 2);
  backward({take(table, ids())}, {g});
  check_close(grad(table), naive_rows({6, 3}, ids(), g));
  const Gradient gradient = take_gradient(table);
  REQUIRE(gradient.sparse());
  REQUIRE(gradient.rows().size() == 1);
  CHECK(numbers(gradient.rows()[0].ids) == numbers(ids()));
  CHECK(gradient.rows()[0].ids.shape() == Shape{6});
  CHECK(gradient.rows()[0].values.shape() == Shape{6, 3});
  check_close(gradient.dense(), naive_rows({6, 3}, ids(), g));
}

TEST_CASE("Rows of several look-ups follow one another") {
  const Tensor table = variable(normals({6, 3}, 1));
  const Tensor first = take(table, tensor({1, 2})), second = take(table, tensor({2}));
  backward({first, second}, {full({2, 3}, 1), full({1, 3}, 10)});
  const Gradient gradient = take_gradient(table);
  CHECK(gradient.sparse());
  CHECK(gradient.rows().size() == 2);
  Tensor expected = zeros({6, 3});
  for (std::size_t k = 0; k < 3; ++k) {
    expected.mutable_floats()[3 + k] = 1;
    expected.mutable_floats()[6 + k] = 11;
  }
  check_close(gradient.dense(), expected);
}

TEST_CASE("A table that is used as a whole too has a dense gradient") {
  const Tensor table = variable(ones({6, 3}));
  for (const bool rows_last : {false, true}) {
    const Tensor looked_up = take(table, ids());
    const Tensor whole = 5 * table;
    if (rows_last) {
      backward(sum(whole) + sum(looked_up));
    } else {
      backward(sum(looked_up) + sum(whole));
    }
    const Gradient gradient = take_gradient(table);
    CHECK_FALSE(gradient.sparse());
    check_close(gradient.dense(), naive_rows({6, 3}, ids(), ones({2, 3, 3})) + 5);
  }
}

TEST_CASE("Where the table was computed, its rows become dense on the way back") {
  const Tensor x = variable(normals({6, 3}, 1));
  const Tensor table = 2 * x;
  const Tensor g = normals({2, 3, 3}, 2);
  backward({take(table, ids())}, {g});
  const Gradient gradient = take_gradient(x);
  CHECK_FALSE(gradient.sparse());
  check_close(gradient.dense(), 2 * naive_rows({6, 3}, ids(), g));
}

TEST_CASE("Two tensors that a partial returned alike are not added to each other") {
  const Tensor a = variable(scalar(1)), b = variable(scalar(2));
  backward(a + b);  // both get the same tensor
  backward(a * 10);
  CHECK(grad(a).item() == 11);
  CHECK(grad(b).item() == 1);
}

TEST_CASE("No gradient is undefined, and adding it changes nothing") {
  Gradient gradient;
  CHECK_FALSE(gradient.defined());
  CHECK_FALSE(gradient.sparse());
  CHECK_FALSE(gradient.dense().defined());
  gradient.add(Gradient());
  CHECK_FALSE(gradient.defined());
  gradient.add(Gradient(scalar(3)));
  gradient.add(Gradient());
  CHECK(gradient.dense().item() == 3);
}
