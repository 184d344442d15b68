#include <limits>
#include <vector>

#include <kindling/tensor/shape.h>

#include "tests/catch.h"

using namespace kindling;

TEST_CASE("A shape prints as in Python") {
  CHECK(Shape{}.str() == "()");
  CHECK(Shape{5}.str() == "(5,)");
  CHECK(Shape{2, 3}.str() == "(2, 3)");
  CHECK(Shape{any, 7}.str() == "(None, 7)");
  CHECK(Shape{any}.str() == "(None,)");
  CHECK(Shape{0, 1, 2, 3, 4, 5}.str() == "(0, 1, 2, 3, 4, 5)");
}

TEST_CASE("A shape's sizes are asked for from either end") {
  const Shape s{2, 3, 5};
  CHECK(s.rank() == 3);
  CHECK(s[0] == 2);
  CHECK(s[2] == 5);
  CHECK(s[-1] == 5);
  CHECK(s[-3] == 2);
  CHECK(s.resolve(-2) == 1);
  CHECK(std::vector<std::int64_t>(s.begin(), s.end()) == std::vector<std::int64_t>{2, 3, 5});
  CHECK(message_of([&] { s[3]; }) == "Shape: axis 3 is outside [-3, 3) [shape (2, 3, 5)]");
  CHECK(message_of([&] { s[-4]; }) == "Shape: axis -4 is outside [-3, 3) [shape (2, 3, 5)]");
  CHECK(message_of([&] { Shape{}[0]; }) == "Shape: axis 0 is outside [0, 0) [shape ()]");
}

TEST_CASE("A shape counts its elements, and those around an axis") {
  CHECK(Shape{}.elements() == 1);
  CHECK(Shape{2, 3, 5}.elements() == 30);
  CHECK(Shape{2, 0, 5}.elements() == 0);
  const Shape s{2, 3, 5, 7};
  CHECK(s.outer(0) == 1);
  CHECK(s.inner(0) == 105);
  CHECK(s.outer(2) == 6);
  CHECK(s.inner(2) == 7);
  CHECK(s.outer(-1) == 30);
  CHECK(s.inner(-1) == 1);
  CHECK(Shape{2, 3}.known());
  CHECK(Shape{}.known());
  CHECK_FALSE(Shape{2, any}.known());
  CHECK(message_of([] { Shape{any, 3}.elements(); }) ==
        "Shape: (None, 3) has sizes that are not known yet");
  const std::int64_t big = std::int64_t{1} << 32;
  CHECK(message_of([&] { Shape{big, big}.elements(); }) ==
        "Shape: (4294967296, 4294967296) has more elements than 64 bits count");
}

TEST_CASE("A shape that can't be is refused") {
  CHECK(message_of([] { Shape{1, 2, 3, 4, 5, 6, 7}; }) ==
        "Shape: at most 6 axes are supported, got 7");
  CHECK(message_of([] { Shape{2, -2}; }) == "Shape: a size is at least 0, or any, got -2");
}

TEST_CASE("Shapes with one axis changed, removed or put in") {
  const Shape s{2, 3, 5};
  CHECK(s.with(1, 9) == Shape{2, 9, 5});
  CHECK(s.with(-1, any) == Shape{2, 3, any});
  CHECK(s.without(0) == Shape{3, 5});
  CHECK(s.without(-1) == Shape{2, 3});
  CHECK(s.inserted(0, 7) == Shape{7, 2, 3, 5});
  CHECK(s.inserted(3, 7) == Shape{2, 3, 5, 7});
  CHECK(s.inserted(-1, 7) == Shape{2, 3, 5, 7});
  CHECK(s.inserted(-2, 7) == Shape{2, 3, 7, 5});
  CHECK(Shape{}.inserted(0, 1) == Shape{1});
  CHECK(s == Shape{2, 3, 5});
  CHECK(message_of([&] { s.inserted(4, 1); }) ==
        "Shape: axis 4 is outside [-4, 4) [shape (2, 3, 5)]");
  CHECK(s.inserted(-4, 7) == Shape{7, 2, 3, 5});
  CHECK(message_of([&] { s.inserted(-5, 1); }) ==
        "Shape: axis -5 is outside [-4, 4) [shape (2, 3, 5)]");
  CHECK(message_of([] { Shape{1, 2, 3, 4, 5, 6}.inserted(0, 1); }) ==
        "Shape: (1, 2, 3, 4, 5, 6) has no room for another axis");
}

TEST_CASE("Shapes are equal, or compatible where a size isn't known") {
  CHECK(Shape{2, 3} == Shape{2, 3});
  CHECK_FALSE(Shape{2, 3} == Shape{3, 2});
  CHECK_FALSE(Shape{2} == Shape{2, 1});
  CHECK_FALSE(Shape{2, any} == Shape{2, 3});
  CHECK(compatible({2, any}, {2, 3}));
  CHECK(compatible({any, 3}, {2, any}));
  CHECK_FALSE(compatible({any, 3}, {2, 4}));
  CHECK_FALSE(compatible({any}, {2, 3}));
  CHECK(compatible({}, {}));
  // A shape that lost an axis is like one that never had it.
  CHECK(Shape{2, 3}.without(1) == Shape{2});
}

TEST_CASE("Element types have numpy's names") {
  CHECK(std::string(name(DType::float32)) == "float32");
  CHECK(std::string(name(DType::int32)) == "int32");
  CHECK(std::string(name(DType::boolean)) == "bool");
}
