// What operations say of operands that don't fit.
#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

struct Refused {
  std::function<Tensor()> call;
  const char* message;
};

void check(const std::vector<Refused>& cases) {
  for (const Refused& c : cases) CHECK(message_of([&] { c.call(); }) == c.message);
}

}  // namespace

TEST_CASE("Element-wise operations say what they need") {
  const Tensor x = zeros({2, 3}), ids = arange(3), none, mask = mask_of({{true, false}});
  check({{[&] { return add(x, zeros({4})); },
          "add: shapes don't broadcast, 3 against 4 at axis -1 [a (2, 3), b (4,)]"},
         {[&] { return x * zeros({3, 3}); },
          "multiply: shapes don't broadcast, 2 against 3 at axis -2 [a (2, 3), b (3, 3)]"},
         {[&] { return add(x, ids); }, "add: float32 is needed, got int32 (3,)"},
         {[&] { return x - none; }, "subtract: an operand is an undefined tensor"},
         {[&] { return exp(ids); }, "exp: float32 is needed, got int32 (3,)"},
         {[&] { return relu(none); }, "relu: an operand is an undefined tensor"},
         {[&] { return tanh(mask); }, "tanh: float32 is needed, got bool (1, 2)"},
         {[&] { return equal(x, ids); },
          "equal: two float32 or two int32 tensors are needed, got float32 and int32"},
         {[&] { return less(mask, mask); },
          "less: two float32 or two int32 tensors are needed, got bool and bool"},
         {[&] { return greater(none, x); }, "greater: an operand is an undefined tensor"},
         {[&] { return logical_and(mask, x); }, "logical_and: bool is needed, got float32 (2, 3)"},
         {[&] { return logical_or(mask, mask_of({{true}})); },
          "logical_or: shapes differ [a (1, 2), b (1, 1)]"},
         {[&] { return where(x, x, x); }, "where: bool is needed, got float32 (2, 3)"},
         {[&] { return where(mask, x, x); },
          "where: shapes don't broadcast, 2 against 3 at axis -1 [a (1, 2), b (2, 3)]"},
         {[&] { return where(mask, none, scalar(1)); },
          "where: an operand is an undefined tensor"}});
}

TEST_CASE("Reductions say what they need") {
  const Tensor x = zeros({2, 3});
  check({{[&] { return sum(x, {.axis = {2}}); },
          "Shape: axis 2 is outside [-2, 2) [shape (2, 3)]"},
         {[&] { return mean(x, {.axis = {1, -1}}); }, "mean: an axis comes twice"},
         {[&] { return sum(arange(3)); }, "sum: float32 is needed, got int32 (3,)"},
         {[&] { return max(zeros({2, 0}), {.axis = {1}}); },
          "max: no element to choose from [x (2, 0)]"},
         {[&] { return min(Tensor()); }, "min: an operand is an undefined tensor"},
         {[&] { return argmax(zeros({2, 0})); }, "argmax: no element to choose from [x (2, 0)]"},
         {[&] { return softmax(x, 2); }, "Shape: axis 2 is outside [-2, 2) [shape (2, 3)]"},
         {[&] { return log_softmax(arange(3)); }, "log_softmax: float32 is needed, got int32 (3,)"},
         {[&] { return masked_softmax(x, x); },
          "masked_softmax: bool is needed, got float32 (2, 3)"},
         {[&] { return masked_softmax(zeros({3}), mask_of({{true, true, true}})); },
          "broadcast_to: (1, 3) does not broadcast to (3,)"}});
}

TEST_CASE("Operations that move elements say what they need") {
  const Tensor x = zeros({2, 3});
  check({{[&] { return reshape(x, {4}); }, "reshape: (2, 3) has 6 elements, (4,) has 4"},
         {[&] { return reshape(x, {4, any}); },
          "reshape: (2, 3) has 6 elements, which (4, None) does not divide into"},
         {[&] { return reshape(Tensor(), {1}); }, "reshape: the operand is an undefined tensor"},
         {[&] { return expand_dims(x, 3); }, "Shape: axis 3 is outside [-2, 2) [shape (2, 3)]"},
         {[&] { return squeeze(x, -1); },
          "squeeze: axis -1 has size 3, only 1 can go [shape (2, 3)]"},
         {[&] { return transpose(x, {0}); }, "transpose: 2 axes are needed, got 1 [x (2, 3)]"},
         {[&] { return transpose(x, {1, -1}); }, "transpose: axis 1 comes twice [x (2, 3)]"},
         {[&] { return broadcast_to(x, {3}); }, "broadcast_to: (2, 3) does not broadcast to (3,)"},
         {[&] { return broadcast_to(x, {2, 4}); },
          "broadcast_to: shapes don't broadcast, 3 against 4 at axis -1 [a (2, 3), b (2, 4)]"},
         {[&] { return concatenate({}); }, "concatenate: at least one tensor is needed"},
         {[&] { return concatenate({x, zeros({3, 3})}); },
          "concatenate: shapes must agree but for axis -1 [float32 (2, 3), float32 (3, 3)]"},
         {[&] { return concatenate({x, Tensor::empty({2, 3}, DType::int32)}); },
          "concatenate: shapes must agree but for axis -1 [float32 (2, 3), int32 (2, 3)]"},
         {[&] { return slice(x, 1, 1, 4); }, "slice: [1, 4) is no part of axis 1 of size 3 "
                                             "[x (2, 3)]"},
         {[&] { return slice(x, 1, 2, 1); }, "slice: [2, 1) is no part of axis 1 of size 3 "
                                             "[x (2, 3)]"},
         {[&] { return split(x, 2)[0]; }, "split: axis -1 of size 3 does not divide into 2 "
                                          "[x (2, 3)]"},
         {[&] { return pad(x, 0, -1, 2); },
          "pad: sizes are at least 0 and at most 1099511627776, got -1 and 2"},
         {[&] { return take(x, x); }, "take: int32 is needed, got float32 (2, 3)"},
         {[&] { return take(scalar(1), arange(1)); }, "take: a table has rows, got a scalar"},
         {[&] { return take(x, tensor({{0, 1, 1}, {0, 0, 2}})); },
          "take: id 2 at (1, 2) is outside [0, 2)"},
         {[&] { return take(x, tensor({-1})); }, "take: id -1 at (0,) is outside [0, 2)"}});
}

TEST_CASE("Products say what they need") {
  const Tensor a = zeros({3, 4}), x = zeros({2, 5, 6}), kernel = zeros({3, 6, 4});
  check({{[&] { return matmul(a, zeros({3, 5})); },
          "matmul: inner dimensions differ, 4 against 3 [a (3, 4), b (3, 5)]"},
         {[&] { return dense(a, zeros({3, 5}), {}); },
          "dense: x (..., channels) and kernel (channels, units) don't fit "
          "[x (3, 4), kernel (3, 5)]"},
         {[&] { return dense(a, zeros({4, 5}), zeros({4})); },
          "dense: bias has a number a unit, 5, got (4,)"},
         {[&] { return matmul(a, zeros({4, 5}), {.transpose_a = true, .transpose_b = true}); },
          "matmul: inner dimensions differ, 3 against 5 [a (3, 4) transposed, b (4, 5) "
          "transposed]"},
         {[&] { return matmul(a, zeros({4})); },
          "matmul: both operands need two axes [a (3, 4), b (4,)]"},
         {[&] { return matmul(zeros({2, 3, 4}), zeros({3, 4, 5})); },
          "matmul: leading axes differ [a (2, 3, 4), b (3, 4, 5)]"},
         {[&] { return conv1d(x, zeros({3, 5, 4}), {}); },
          "conv1d: x (batch, steps, channels) and kernel (taps, channels / groups, filters) don't "
          "fit [x (2, 5, 6), kernel (3, 5, 4), groups 1]"},
         {[&] { return conv1d(x, zeros({6, 6, 4}), {}); },
          "conv1d: 5 steps are fewer than the kernel's 6 [x (2, 5, 6), kernel (6, 6, 4)]"},
         {[&] { return conv1d(x, kernel, zeros({3})); },
          "conv1d: bias has a number a filter, 4, got (3,)"},
         {[&] { return conv1d(x, kernel, {}, {.stride = 0}); },
          "conv1d: stride and dilation are at least 1, pads at least 0, all at most 2147483648, "
          "got 0, 1, 0 and 0"},
         {[&] { return conv1d(x, kernel, {}, {.dilation = std::int64_t{1} << 62}); },
          "conv1d: stride and dilation are at least 1, pads at least 0, all at most 2147483648, "
          "got 1, 4611686018427387904, 0 and 0"},
         {[&] { return conv1d(x, zeros({0, 6, 4}), {}); },
          "conv1d: the kernel has no taps, or too many [kernel (0, 6, 4)]"},
         {[&] { return mean_over_steps(x, zeros({2, 5})); },
          "mean_over_steps: bool is needed, got float32 (2, 5)"},
         {[&] { return clip(x, 3, 1); }, "clip: low is at most high, got 3 and 1"},
         {[&] { return equal(arange(3), 0.5); },
          "equal: an int32 tensor is compared with an int32 number, got 0.5"},
         {[&] { return less(arange(3), 3e9); },
          "less: an int32 tensor is compared with an int32 number, got 3000000000"},
         {[&] { return sum(scalar(1), {.axis = {0}}); },
          "Shape: axis 0 is outside [0, 0) [shape ()]"},
         {[&] { return sum(arange(2), {.axis = {0}}); },
          "sum: float32 is needed, got int32 (2,)"},
         {[&] { return reshape(ones({10}), Shape{2, 5}.with(0, -5)); },
          "Shape: a size is at least 0, or any, got -5"},
         {[&] { return Tensor::empty({std::int64_t{1} << 31, std::int64_t{1} << 31}); },
          "Tensor: (2147483648, 2147483648) has more elements than memory can hold"},
         {[&] {
            return additive_attention(zeros({2, 3, 4}), zeros({2, 5, 6}), zeros({2, 5, 6}), {})[0];
          },
          "additive_attention: query (batch, Tq, depth) and key (batch, Tv, depth) don't fit "
          "[query (2, 3, 4), key (2, 5, 6)]"},
         {[&] {
            return additive_attention(zeros({2, 3, 4}), zeros({2, 5, 4}), zeros({2, 5, 4}),
                                      zeros({3}))[0];
          },
          "additive_attention: scale has a number a channel, 4, got (3,)"},
         {[&] { return mean_over_steps(x, mask_of({{true, true}})); },
          "mean_over_steps: x is (batch, steps, channels) and mask (batch, steps) "
          "[x (2, 5, 6), mask (1, 2)]"}});
}
