// Add, Subtract, Multiply, Average, Maximum, Minimum and Dot.
#include <kindling/layers/dot.h>
#include <kindling/layers/merge.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

namespace {

struct Merging {
  std::function<Layer()> make;
  std::function<double(double, double)> naive;
};
const std::vector<Merging> mergings = {
    {[] { return Add(); }, [](double a, double b) { return a + b; }},
    {[] { return Subtract(); }, [](double a, double b) { return a - b; }},
    {[] { return Multiply(); }, [](double a, double b) { return a * b; }},
    {[] { return Average(); }, [](double a, double b) { return (a + b) / 2; }},
    {[] { return Maximum(); }, [](double a, double b) { return std::max(a, b); }},
    {[] { return Minimum(); }, [](double a, double b) { return std::min(a, b); }}};

}  // namespace

TEST_CASE("Merge layers join inputs that broadcast, axes missing after the batch") {
  const Tensor x = normals({2, 3, 4}, 1) + 3;  // apart: no corner within a step
  for (const Merging& m : mergings) {
    for (const Shape& shape : {Shape{2, 3, 4}, Shape{2, 1, 4}, Shape{2, 3, 1}, Shape{2, 4}}) {
      const Tensor y = normals(shape, 2, 0.2) - 2;
      const Tensor wide = shape.rank() == 2 ? expand_dims(y, 1) : y;
      check_layer(m.make(), {x, y});
      check_layer(m.make(), {y, x});
      check_close(m.make()({x, y}), tensor_of(x.shape(), [&](const Index& at) {
                    return m.naive(element(x, at), element(wide, at));
                  }), 1e-6);
    }
  }
  const Tensors three = {x, 2 * x, x * x};
  check_close(Add()(three), 3 * x + x * x);
  check_close(Average()(three), x + x * x / 3);
  check_close(Multiply()(three), 2 * x * x * x * x, 1e-6);
  check_close(Add()(Tensors{x}), x, 0);
}

TEST_CASE("Merge layers join masks: a step counts where it does in any input") {
  const Tensor x = tensor({{1.0, 2.0, 3.0, 4.0}}).reshaped({1, 4, 1});
  const Tensor y = tensor({{5.0, -6.0, 7.0, -8.0}}).reshaped({1, 4, 1});
  const Tensor of_x = mask_of({{true, true, false, false}});
  const Tensor of_y = mask_of({{true, false, true, false}});
  const Tensor either = mask_of({{true, true, true, false}});
  for (const Merging& m : mergings) {
    check_layer(m.make(), {x, y}, {.mask = either, .call = {.mask = {of_x, of_y}}});
    check_layer(m.make(), {x, y}, {.call = {.mask = {of_x}}});
  }
  const auto merged = [&](const Layer& layer, const Tensors& masks) {
    return numbers(layer(Tensors{x, y}, {.mask = masks}));
  };
  using Numbers = std::vector<double>;
  CHECK(merged(Add(), {of_x, of_y}) == Numbers{6, -4, 10, -4});
  CHECK(merged(Multiply(), {of_x, of_y}) == Numbers{5, 2, 7, 0});
  CHECK(merged(Maximum(), {of_x, of_y}) == Numbers{5, 2, 7, 4});
  CHECK(merged(Minimum(), {of_x, of_y}) == Numbers{1, 2, 7, 4});
  CHECK(merged(Multiply(), {of_x}) == Numbers{5, -12, 7, -8});
  CHECK(merged(Minimum(), {Tensor(), of_y}) == Numbers{1, 2, 3, 4});
}

TEST_CASE("Merge layers say what doesn't fit") {
  const auto add = Add({.name = "a"});
  CHECK(message_of([&] { add(Tensors{}); }) == "Add \"a\": takes at least one input");
  CHECK(message_of([&] { add({zeros({2, 3}), zeros({2, 4})}); }) ==
        "Add \"a\": inputs must broadcast, all but the batch, got (2, 3) and (2, 4)");
  CHECK(message_of([&] { add({zeros({2, 3}), zeros({1, 3})}); }) ==
        "Add \"a\": inputs must broadcast, all but the batch, got (2, 3) and (1, 3)");
  CHECK(message_of([&] { add({zeros({2, 3}), scalar(1)}); }) ==
        "Add \"a\": inputs are (batch, ...)");
  CHECK(message_of([] { Subtract({.name = "s"})(Tensors{zeros({2})}); }) ==
        "Subtract \"s\": takes 2 inputs, got 1");
}

TEST_CASE("Dot multiplies along axes") {
  const Tensor x = normals({2, 3, 4}, 1), y = normals({2, 5, 4}, 2), z = normals({2, 4}, 3);
  check_layer(Dot({.axes = 2}), {x, y});
  check_layer(Dot({.axes = -1, .normalize = true}), {x, y});
  check_layer(Dot({.axes = {1, 2}}), {normals({2, 4, 3}, 4), y});
  check_layer(Dot({.axes = -1}), {x, z});
  check_layer(Dot({.axes = 1, .normalize = true}), {z, z + 1});
  check_layer(Dot({.axes = {2, 1}}), {normals({2, 2, 3, 2}, 5), normals({2, 3, 2}, 6)});
  check_close(Dot({.axes = -1})({x, y}), matmul(x, y, {.transpose_b = true}), 1e-6);
  check_close(Dot({.axes = {2, 1}})({x, z}), sum(x * expand_dims(z, 1), {.axis = {2}}), 1e-6);
  check_close(Dot({.axes = 1, .normalize = true})({z, 3 * z}), ones({2, 1}), 1e-6);
  const Tensor mask = mask_of({{true, false, true}, {true, true, true}});
  CHECK_FALSE(Dot({.axes = -1})({x, x}, {.mask = {mask, mask}}).mask().defined());

  const auto dot = Dot({.axes = {1, 2}, .name = "d"});
  CHECK(dot.config()["axes"].str() == "[1, 2]");
  CHECK(message_of([&] { dot({x, y}); }) ==
        "Dot \"d\": batches and the axes of the product must have the same size, got (2, 3, 4) at "
        "axis 1 and (2, 5, 4) at axis 2");
  CHECK(message_of([&] { dot({x, z}); }) ==
        "Dot \"d\": axis 2 is none of input 1 after the batch, which is (2, 4)");
  CHECK(message_of([&] { Dot({.axes = 0, .name = "d"})({z, z}); }) ==
        "Dot \"d\": axis 0 is none of input 0 after the batch, which is (2, 4)");
  CHECK(message_of([] { Dot({.axes = {1, 2, 3}, .name = "d"}); }) ==
        "Dot \"d\": axes is one axis, or one of each input, got 3");
}
