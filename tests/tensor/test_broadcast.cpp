#include <kindling/tensor/broadcast.h>
#include <kindling/tensor/random.h>

#include "tests/tensors.h"

using namespace kindling;

TEST_CASE("Shapes broadcast as in numpy") {
  struct Case {
    Shape a, b, result;
  };
  const Case cases[] = {
      {{2, 3}, {2, 3}, {2, 3}},       {{2, 3}, {}, {2, 3}},
      {{2, 3}, {3}, {2, 3}},          {{2, 3}, {1}, {2, 3}},
      {{2, 1}, {1, 3}, {2, 3}},       {{4, 1, 3}, {2, 1}, {4, 2, 3}},
      {{1, 1, 1}, {5}, {1, 1, 5}},    {{0, 3}, {1, 3}, {0, 3}},
      {{0}, {}, {0}},                 {{1}, {0}, {0}},
      {{1, 2, 1, 3, 1, 2}, {2, 1, 2, 1, 2, 1}, {2, 2, 2, 3, 2, 2}}};
  for (const Case& c : cases) {
    CAPTURE(c.a.str(), c.b.str());
    CHECK(broadcast_shapes("add", c.a, c.b) == c.result);
    CHECK(broadcast_shapes("add", c.b, c.a) == c.result);
  }
}

TEST_CASE("Shapes that don't broadcast are refused, and say where") {
  CHECK(message_of([] { broadcast_shapes("add", {2, 3}, {4}); }) ==
        "add: shapes don't broadcast, 3 against 4 at axis -1 [a (2, 3), b (4,)]");
  CHECK(message_of([] { broadcast_shapes("multiply", {5, 2, 1}, {3, 7}); }) ==
        "multiply: shapes don't broadcast, 2 against 3 at axis -2 [a (5, 2, 1), b (3, 7)]");
  CHECK(message_of([] { broadcast_shapes("add", {0}, {3}); }) ==
        "add: shapes don't broadcast, 0 against 3 at axis -1 [a (0,), b (3,)]");
}

namespace {

// A shape that broadcasts to `result`: sizes of 1 at random, and leading axes left out.
Shape repeated(const Shape& result, Generator& generator) {
  Shape shape = result;
  for (int axis = 0; axis < result.rank(); ++axis) {
    if (generator.below(3) == 0) shape = shape.with(axis, 1);
  }
  while (shape.rank() > 0 && generator.below(4) == 0) shape = shape.without(0);
  return shape;
}

// Elements of an operand in the order in which a walk visits them.
std::vector<std::int64_t> visited(const kernels::Broadcast& walk, const std::int64_t* step) {
  std::vector<std::int64_t> at = {0};
  for (int axis = 0; axis < walk.rank; ++axis) {
    std::vector<std::int64_t> next;
    for (const std::int64_t base : at) {
      for (std::int64_t i = 0; i < walk.size[axis]; ++i) next.push_back(base + i * step[axis]);
    }
    at = std::move(next);
  }
  return at;
}

// The same from the definition.
std::vector<std::int64_t> expected(const Shape& shape, const Shape& result) {
  std::vector<float> positions(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < positions.size(); ++i) positions[i] = static_cast<float>(i);
  const Tensor from = tensor(positions, shape);
  const Tensor walk = tensor_of(result, [&](const Index& index) { return element(from, index); });
  std::vector<std::int64_t> at;
  for (const float v : walk.floats()) at.push_back(static_cast<std::int64_t>(v));
  return at;
}

}  // namespace

TEST_CASE("A broadcast walk visits what the definition says, in as few axes as it can") {
  Generator generator(7);
  for (int round = 0; round < 300; ++round) {
    Shape whole;
    for (std::int64_t axes = generator.below(7); axes > 0; --axes) {
      whole = whole.inserted(0, 1 + generator.below(3));
    }
    const Shape a = repeated(whole, generator), b = repeated(whole, generator);
    const Shape result = broadcast_shapes("test", a, b);
    const kernels::Broadcast walk = broadcast_walk(a, b, result);
    CAPTURE(a.str(), b.str());
    CHECK(visited(walk, walk.a_step) == expected(a, result));
    CHECK(visited(walk, walk.b_step) == expected(b, result));
    if (a == b) CHECK(walk.rank == 1);
  }
}
