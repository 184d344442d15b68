#include <kindling/layers/mask_operations.h>

#include "tests/layers/layer_check.h"

using namespace kindling;

TEST_CASE("Operations on masks") {
  const Tensor a = mask_of({{true, false, true}, {false, false, false}});
  const Tensor b = mask_of({{true, true, false}, {false, true, false}});
  const Expected plain{.differentiable = false};
  check_layer(LogicalAnd(), {a, b}, plain);
  check_layer(LogicalOr(), {a, b}, plain);
  check_layer(ConvertToTensor(), {a}, plain);
  check_layer(Any({.axis = -1, .keepdims = true}), {a}, plain);
  CHECK(same_bits(LogicalAnd()({a, b}), mask_of({{true, false, false}, {false, false, false}})));
  CHECK(same_bits(LogicalOr()({a, b}), mask_of({{true, true, true}, {false, true, false}})));
  CHECK(same_bits(ConvertToTensor()(a), a));
  CHECK(same_bits(Any({.axis = -1})(a), mask_of({{true, false}}).reshaped({2})));
  CHECK(same_bits(Any({.axis = 0})(tensor({{0.0, -1.0}, {0.0, 1.0}})),
                  mask_of({{false, true}}).reshaped({2})));
  CHECK(same_bits(Any()(a), mask_of({{true}}).reshaped({})));
  CHECK(message_of([&] { LogicalOr({.name = "o"})({a, tensor({{1.0}})}); }) ==
        "LogicalOr \"o\": inputs are bool, got float32");
  CHECK(LogicalOr().impl()->compute_output_shape({{any, 1, 4}, {5, any}}, {})[0].str() ==
        "(None, 5, 4)");
  CHECK(message_of([&] { LogicalOr({.name = "o"})({a, mask_of({{true, false}})}); }) ==
        "LogicalOr \"o\": inputs must broadcast, got (2, 3) and (1, 2)");
  CHECK(message_of([&] { LogicalAnd({.name = "o"})(a); }) ==
        "LogicalAnd \"o\": takes 2 inputs, got 1");
}
