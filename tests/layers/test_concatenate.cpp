#include <kindling/layers/concatenate.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

TEST_CASE("Concatenate joins along any axis") {
  check_layer(Concatenate(), {normals({2, 3}, 1), normals({2, 1}, 2), normals({2, 4}, 3)});
  check_layer(Concatenate(), {normals({2, 3}, 1)});
  for (const std::int64_t axis : {0, 1, 2, -1, -2, -3}) {
    const bool batch = axis == 0 || axis == -3;
    const int a = static_cast<int>(axis);
    check_layer(Concatenate({.axis = axis}),
                {normals(Shape{2, 3, 4}.with(a, 5), 1), normals(Shape{2, 3, 4}.with(a, 1), 2)},
                {.batch_first = !batch});
  }
  check_layer(Concatenate(), {random_ids({2, 3}, 1, 5), random_ids({2, 1}, 2, 5)},
              {.differentiable = false});
}

TEST_CASE("Concatenate joins masks along their axes; along later ones any of them is enough") {
  const Tensor x = normals({2, 3, 4}, 1), y = normals({2, 3, 2}, 2);
  const Tensor a = mask_of({{true, true, false}, {true, false, false}});
  const Tensor b = mask_of({{true, false, true}, {true, true, false}});
  check_layer(Concatenate(), {x, y},
              {.mask = mask_of({{true, true, true}, {true, true, false}}),
               .call = {.mask = {a, b}}});
  check_layer(Concatenate({.axis = 1}), {x, x},
              {.mask = concatenate({a, b}, 1), .call = {.mask = {a, b}}});
  const Tensor all = cast(ones({2, 3}), DType::boolean);
  check_layer(Concatenate(), {x, y}, {.mask = all, .call = {.mask = {Tensor(), b}}});
  // One mask goes deeper than the other.
  const Tensor deep = logical_not(cast(zeros({2, 3, 2}), DType::boolean));
  check_layer(Concatenate(), {x, y},
              {.mask = concatenate({broadcast_to(expand_dims(a, -1), {2, 3, 4}), deep}, -1),
               .call = {.mask = {a, deep}}});
  check_layer(Concatenate({.axis = -2}), {x, x},
              {.mask = concatenate({all, b}, 1), .call = {.mask = {Tensor(), b}}});
  check_layer(Concatenate({.axis = 0}), {x, x},
              {.mask = concatenate({a, all}, 0), .call = {.mask = {a}}, .batch_first = false});
}

TEST_CASE("Concatenate says what doesn't fit") {
  const auto concatenate = Concatenate({.name = "join"});
  CHECK(message_of([&] { concatenate(Tensors{}); }) ==
        "Concatenate \"join\": takes at least one input");
  CHECK(message_of([&] { concatenate({zeros({2, 3}), zeros({3, 3})}); }) ==
        "Concatenate \"join\": inputs must agree but for axis -1, got (2, 3) and (3, 3)");
  CHECK(message_of([&] { concatenate({zeros({2, 3}), zeros({2, 3, 1})}); }) ==
        "Concatenate \"join\": inputs must agree but for axis -1, got (2, 3) and (2, 3, 1)");
  CHECK(message_of([&] {
          concatenate({Input({.shape = {3, 4}}), Input({.shape = {2, 4}})});
        }) == "Concatenate \"join\": inputs must agree but for axis -1, got (None, 3, 4) and "
              "(None, 2, 4)");
  CHECK(message_of([] { Concatenate({.axis = 2, .name = "join"})(zeros({2, 3})); }) ==
        "Concatenate \"join\": axis 2 is outside [-2, 2) [input (2, 3)]");
}
