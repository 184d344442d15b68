#include <cstdint>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/tensor/random.h>

#include "tests/tensors.h"

using namespace kindling;

TEST_CASE("Tensors are made from numbers") {
  const Tensor x = tensor({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});
  CHECK(x.shape() == Shape{2, 3});
  CHECK(x.dtype() == DType::float32);
  CHECK(x.rank() == 2);
  CHECK(x.size(-1) == 3);
  CHECK(x.elements() == 6);
  CHECK(numbers(x) == std::vector<double>{1, 2, 3, 4, 5, 6});

  const Tensor ids = tensor({4, 0, 7});
  CHECK(ids.shape() == Shape{3});
  CHECK(ids.dtype() == DType::int32);
  CHECK(numbers(ids) == std::vector<double>{4, 0, 7});
  CHECK(tensor({{1, 2}, {3, 4}, {5, 6}}).shape() == Shape{3, 2});
  CHECK(tensor({0.5}).shape() == Shape{1});

  CHECK(scalar(2.5f).shape() == Shape{});
  CHECK(scalar(2.5f).item() == 2.5f);
  CHECK(numbers(full({2}, 7)) == std::vector<double>{7, 7});
  CHECK(numbers(zeros({2})) == std::vector<double>{0, 0});
  CHECK(numbers(ones({2})) == std::vector<double>{1, 1});
  CHECK(arange(3).dtype() == DType::int32);
  CHECK(numbers(arange(3)) == std::vector<double>{0, 1, 2});
  CHECK(arange(0).elements() == 0);
  const Tensor mask = mask_of({{true, false}, {false, true}});
  CHECK(mask.dtype() == DType::boolean);
  CHECK(numbers(mask) == std::vector<double>{1, 0, 0, 1});

  const std::vector<float> many = {1, 2, 3, 4};
  CHECK(numbers(tensor(many, {2, 2}))[3] == 4);
  CHECK(message_of([&] { tensor(many, {3}); }) == "tensor: shape (3,) holds 3 elements, got 4");
  CHECK(message_of([] { tensor({{1.0, 2.0}, {3.0}}); }) ==
        "tensor: rows differ in length, 1 against 2");
}

TEST_CASE("Memory is aligned for vectors") {
  for (const std::int64_t size : {1, 3, 17, 1000, 100000}) {
    const Tensor x = Tensor::empty({size});
    CHECK(reinterpret_cast<std::uintptr_t>(x.floats().data()) % 64 == 0);
  }
}

TEST_CASE("A tensor may have no elements, and it may be undefined") {
  const Tensor none = zeros({3, 0});
  CHECK(none.defined());
  CHECK(none.elements() == 0);
  CHECK(none.floats().empty());
  CHECK_FALSE(Tensor().defined());
  const Tensor undefined;
  CHECK_FALSE(undefined.clone().defined());
  CHECK(message_of([&] { undefined.item(); }) == "Tensor: undefined, it has no item()");
  CHECK(message_of([&] { undefined.floats(); }) ==
        "Tensor: undefined, it has no float32 elements");
  CHECK(message_of([] { Tensor::empty({2, any}); }) ==
        "Shape: (2, None) has sizes that are not known yet");
}

TEST_CASE("Elements are read as what they are") {
  const Tensor x = zeros({2, 3}), ids = arange(3);
  CHECK(message_of([&] { x.ints(); }) ==
        "Tensor: int32 elements were asked for, got float32 of shape (2, 3)");
  CHECK(message_of([&] { ids.floats(); }) ==
        "Tensor: float32 elements were asked for, got int32 of shape (3,)");
  CHECK(message_of([] { mask_of({{true}}).mutable_ints(); }) ==
        "Tensor: int32 elements were asked for, got bool of shape (1, 1)");
  CHECK(message_of([] { zeros({2}).item(); }) ==
        "Tensor: item() wants one element, got shape (2,)");
  CHECK(full({1, 1}, 3).item() == 3);
}

TEST_CASE("A copy of a tensor shares its memory, a clone has its own") {
  Tensor x = tensor({1.0, 2.0, 3.0, 4.0});
  CHECK(x.sole_owner());
  Tensor copy = x;
  CHECK(copy.same_memory(x));
  CHECK_FALSE(x.sole_owner());
  copy.mutable_floats()[0] = 9;
  CHECK(x.floats()[0] == 9);
  const Tensor square = x.reshaped({2, 2});
  CHECK(square.same_memory(x));
  CHECK(square.shape() == Shape{2, 2});
  Tensor own = x.clone();
  CHECK_FALSE(own.same_memory(x));
  own.mutable_floats()[0] = 5;
  CHECK(x.floats()[0] == 9);
  CHECK(same_bits(mask_of({{true, false}}).clone(), mask_of({{true, false}})));
  CHECK(message_of([&] { x.reshaped({3}); }) == "reshape: (4,) has 4 elements, (3,) has 3");
}

TEST_CASE("A tensor carries a mask over its leading axes") {
  const Tensor x = zeros({2, 3, 4});
  const Tensor mask = mask_of({{true, true, false}, {true, false, false}});
  const Tensor masked = with_mask(x, mask);
  CHECK(same_bits(masked.mask(), mask));
  CHECK(masked.same_memory(x));
  CHECK_FALSE(x.mask().defined());
  CHECK_FALSE(with_mask(masked, Tensor()).mask().defined());
  CHECK_FALSE(masked.reshaped({6, 4}).mask().defined());
  CHECK_FALSE(masked.clone().mask().defined());
  CHECK(message_of([&] { with_mask(x, mask_of({{true, true}})); }) ==
        "with_mask: a mask is bool and has the leading sizes of its tensor, got bool (1, 2) "
        "[x (2, 3, 4)]");
  CHECK(message_of([&] { with_mask(x, zeros({2, 3})); }) ==
        "with_mask: a mask is bool and has the leading sizes of its tensor, got float32 (2, 3) "
        "[x (2, 3, 4)]");
  CHECK(message_of([&] { with_mask(arange(2), mask); }) ==
        "with_mask: a mask is bool and has the leading sizes of its tensor, got bool (2, 3) "
        "[x (2,)]");
}

TEST_CASE("A cast keeps the numbers: floats are truncated, bool is x != 0") {
  const Tensor x = tensor({-1.7, 0.0, 0.5, 2.9});
  CHECK(numbers(cast(x, DType::int32)) == std::vector<double>{-1, 0, 0, 2});
  CHECK(numbers(cast(x, DType::boolean)) == std::vector<double>{1, 0, 1, 1});
  CHECK(numbers(cast(mask_of({{true, false}}), DType::float32)) == std::vector<double>{1, 0});
  CHECK(numbers(cast(tensor({3, 0}), DType::boolean)) == std::vector<double>{1, 0});
  CHECK(cast(x, DType::int32).dtype() == DType::int32);
  CHECK_FALSE(cast(x, DType::float32).same_memory(x));
}

TEST_CASE("Numbers that int32 doesn't have are refused") {
  CHECK(message_of([] { cast(tensor({1.0, 3e9}), DType::int32); }) ==
        "cast: int32 is between -2147483648 and 2147483647, got 3000000000");
  CHECK(message_of([] { cast(tensor({std::nan("")}), DType::int32); }) ==
        "cast: int32 is between -2147483648 and 2147483647, got nan");
  CHECK(message_of([] { tensor_of_rows({{1e10}}, DType::int32); }) ==
        "tensor: int32 is between -2147483648 and 2147483647, got 10000000000");
  CHECK(message_of([] { arange(std::int64_t{1} << 31); }) ==
        "arange: int32 counts up to 2147483647, got 2147483648");
  const Tensor ends = cast(tensor({-2147483648.0, 2147483520.0}), DType::int32);
  CHECK(ends.ints()[0] == -2147483648);
  CHECK(ends.ints()[1] == 2147483520);
  const Tensor mask = tensor_of_rows({{0.5, 0.0}}, DType::boolean);
  CHECK(mask.bools()[0]);
  CHECK(!mask.bools()[1]);
}

TEST_CASE("Random tensors are repeatable and move the generator on") {
  set_random_seed(5);
  const Tensor first = random_normal({7}), second = random_uniform({5}, -2, 3);
  set_random_seed(5);
  CHECK(same_bits(random_normal({7}), first));
  CHECK(same_bits(random_uniform({5}, -2, 3), second));
  CHECK_FALSE(same_bits(random_normal({7}), first));
  Generator one(9), two(9);
  CHECK(same_bits(random_uniform({100}, -2, 3, one), random_uniform({100}, -2, 3, two)));
  const Tensor many = random_uniform({1000}, -2, 3, one);
  for (const float v : many.floats()) CHECK((v >= -2 && v < 3));
  double sum = 0, squares = 0;
  for (const double v : numbers(random_normal({20000}, 1, 2, two))) {
    sum += v;
    squares += (v - 1) * (v - 1);
  }
  CHECK(sum / 20000 == Approx(1).margin(0.08));
  CHECK(squares / 20000 == Approx(4).margin(0.2));
}

TEST_CASE("Tensors print as in numpy") {
  CHECK(tensor({{1.0, 2.5}, {-3.0, 4.0}}).str() == "[[ 1.   2.5]\n [-3.   4. ]]");
  CHECK(tensor({4, 0, 17}).str() == "[ 4  0 17]");
  CHECK(mask_of({{true, false}}).str() == "[[ True False]]");
  CHECK(scalar(0.1f).str() == "0.1");
  CHECK(zeros({0}).str() == "[]");
  CHECK(zeros({2, 1, 2}).str() == "[[[0. 0.]]\n\n [[0. 0.]]]");
  CHECK(arange(2000).str() == "[   0    1    2 ... 1997 1998 1999]");
  CHECK(Tensor().str() == "undefined");
}

namespace {
std::vector<std::string> warnings;
}  // namespace

TEST_CASE("Warnings go where the handler says") {
  const WarningHandler before =
      set_warning_handler([](const std::string& message) { warnings.push_back(message); });
  warn("something to know");
  const WarningHandler ours = set_warning_handler(before);
  CHECK(warnings == std::vector<std::string>{"something to know"});
  CHECK(ours != before);
}

TEST_CASE("Where memory runs out, the operation and the shape are named") {
  const Shape column{1 << 22, 1}, row{1, 1 << 22};  // of some megabytes; their product has 64 TB
  const Tensor a = zeros(column), b = zeros(row);
  const std::string what =
      ": out of memory for float32 (4194304, 4194304), 70368744177664 bytes";
  CHECK(message_of([&] { matmul(a, b); }) == "matmul" + what);
  CHECK(message_of([&] { a + b; }) == "add" + what);
  CHECK(message_of([&] { broadcast_to(a, {1 << 22, 1 << 22}); }) == "broadcast_to" + what);
  CHECK(message_of([&] { zeros({1 << 22, 1 << 22}); }) == "Tensor" + what);
  CHECK(message_of([&] { greater(a, b); }) ==
        "greater: out of memory for bool (4194304, 4194304), 17592186044416 bytes");
  const Tensor x = variable(zeros({1}));
  const Tensor wide = record("wide", x, wrt(x, [&](const Tensor&) { return a + b; }));
  CHECK(message_of([&] { backward(sum(wide)); }) == "gradient of wide" + what);
}
