// What operations say of operands that don't fit.
#include <map>

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
         {[&] { return logical_or(mask, mask_of({{true, true, true}})); },
          "logical_or: shapes don't broadcast, 2 against 3 at axis -1 [a (1, 2), b (1, 3)]"},
         {[&] { return where(x, x, x); }, "where: bool is needed, got float32 (2, 3)"},
         {[&] { return where(mask, x, x); },
          "where: shapes don't broadcast, 2 against 3 at axis -1 [a (1, 2), b (2, 3)]"},
         {[&] { return where(mask, none, scalar(1)); },
          "where: an operand is an undefined tensor"},
         {[&] { return clip(x, 3, 1); }, "clip: low is at most high, got 3 and 1"},
         {[&] { return equal(ids, 0.5); },
          "equal: an int32 tensor is compared with an int32 number, got 0.5"},
         {[&] { return less(ids, 3e9); },
          "less: an int32 tensor is compared with an int32 number, got 3000000000"}});
}

TEST_CASE("Operators with a number fail in their own names") {
  const Tensor ids = arange(3);
  check({{[&] { return ids + 1.0; }, "add: float32 is needed, got int32 (3,)"},
         {[&] { return 1.0 + ids; }, "add: float32 is needed, got int32 (3,)"},
         {[&] { return ids - 1.0; }, "subtract: float32 is needed, got int32 (3,)"},
         {[&] { return 1.0 - ids; }, "subtract: float32 is needed, got int32 (3,)"},
         {[&] { return ids * 2.0; }, "multiply: float32 is needed, got int32 (3,)"},
         {[&] { return 2.0 * ids; }, "multiply: float32 is needed, got int32 (3,)"},
         {[&] { return ids / 2.0; }, "divide: float32 is needed, got int32 (3,)"},
         {[&] { return affine(ids, 2, 1); }, "affine: float32 is needed, got int32 (3,)"}});
}

TEST_CASE("Activations fail in their own names") {
  const std::map<std::string, std::function<Tensor(const Tensor&)>> activations = {
      {"celu", [](const Tensor& x) { return celu(x); }},
      {"elu", [](const Tensor& x) { return elu(x); }},
      {"exponential", exponential},
      {"gelu", [](const Tensor& x) { return gelu(x, true); }},
      {"glu", [](const Tensor& x) { return glu(x); }},
      {"hard_shrink", [](const Tensor& x) { return hard_shrink(x); }},
      {"hard_sigmoid", hard_sigmoid},
      {"hard_silu", hard_silu},
      {"hard_tanh", hard_tanh},
      {"leaky_relu", [](const Tensor& x) { return leaky_relu(x); }},
      {"log_sigmoid", log_sigmoid},
      {"log_softmax", [](const Tensor& x) { return log_softmax(x); }},
      {"mish", mish},
      {"relu", [](const Tensor& x) { return relu(x, {.threshold = 1}); }},
      {"relu6", relu6},
      {"selu", selu},
      {"sigmoid", sigmoid},
      {"silu", silu},
      {"soft_shrink", [](const Tensor& x) { return soft_shrink(x); }},
      {"softmax", [](const Tensor& x) { return softmax(x); }},
      {"softplus", softplus},
      {"softsign", softsign},
      {"sparse_plus", sparse_plus},
      {"sparse_sigmoid", sparse_sigmoid},
      {"sparsemax", [](const Tensor& x) { return sparsemax(x); }},
      {"squareplus", [](const Tensor& x) { return squareplus(x); }},
      {"tanh", [](const Tensor& x) { return tanh(x); }},
      {"tanh_shrink", tanh_shrink},
      {"threshold", [](const Tensor& x) { return threshold(x, 1, 0); }}};
  for (const auto& [name, f] : activations) {
    CHECK(message_of([&] { f(arange(4)); }) == name + ": float32 is needed, got int32 (4,)");
    CHECK(message_of([&] { f(Tensor()); }) == name + ": an operand is an undefined tensor");
  }
  const Tensor x = zeros({2, 3});
  check({{[&] { return gelu(arange(4)); }, "gelu: float32 is needed, got int32 (4,)"},
         {[&] { return glu(x, 2); }, "glu: axis 2 is outside [-2, 2) [x (2, 3)]"},
         {[&] { return glu(x); }, "glu: axis -1 has size 3, an even one is needed [x (2, 3)]"},
         {[&] { return sparsemax(x, -3); }, "sparsemax: axis -3 is outside [-2, 2) [x (2, 3)]"},
         {[&] { return sparsemax(zeros({2, 0})); },
          "sparsemax: no element to choose from [x (2, 0)]"},
         {[&] { return soft_shrink(x, -1); }, "soft_shrink: threshold is at least 0, got -1"}});
}

TEST_CASE("Reductions say what they need") {
  const Tensor x = zeros({2, 3});
  check({{[&] { return sum(x, {.axis = {2}}); },
          "sum: axis 2 is outside [-2, 2) [x (2, 3)]"},
         {[&] { return mean(x, {.axis = {1, -1}}); }, "mean: axis -1 comes twice [x (2, 3)]"},
         {[&] { return min(x, {.axis = {-3}}); }, "min: axis -3 is outside [-2, 2) [x (2, 3)]"},
         {[&] { return sum(arange(3)); }, "sum: float32 is needed, got int32 (3,)"},
         {[&] { return max(zeros({2, 0}), {.axis = {1}}); },
          "max: no element to choose from [x (2, 0)]"},
         {[&] { return min(Tensor()); }, "min: an operand is an undefined tensor"},
         {[&] { return argmax(zeros({2, 0})); }, "argmax: no element to choose from [x (2, 0)]"},
         {[&] { return argmax(x, 2); }, "argmax: axis 2 is outside [-2, 2) [x (2, 3)]"},
         {[&] { return l2_normalize(arange(3)); },
          "l2_normalize: float32 is needed, got int32 (3,)"},
         {[&] { return l2_normalize(x, 2); },
          "l2_normalize: axis 2 is outside [-2, 2) [x (2, 3)]"},
         {[&] { return softmax(x, 2); }, "softmax: axis 2 is outside [-2, 2) [x (2, 3)]"},
         {[&] { return softmax(scalar(1)); }, "softmax: axis -1 is outside [0, 0) [x ()]"},
         {[&] { return log_softmax(x, 2); }, "log_softmax: axis 2 is outside [-2, 2) [x (2, 3)]"},
         {[&] { return log_softmax(arange(3)); }, "log_softmax: float32 is needed, got int32 (3,)"},
         {[&] { return masked_softmax(x, x); },
          "masked_softmax: bool is needed, got float32 (2, 3)"},
         {[&] { return masked_softmax(zeros({3}), mask_of({{true, true, true}})); },
          "masked_softmax: the mask does not broadcast to x [x (3,), mask (1, 3)]"},
         {[&] { return masked_softmax(x, mask_of({{true, true}})); },
          "masked_softmax: shapes don't broadcast, 3 against 2 at axis -1 [a (2, 3), b (1, 2)]"},
         {[&] { return masked_softmax(scalar(1), mask_of({{true}})); },
          "masked_softmax: axis -1 is outside [0, 0) [x ()]"},
         {[&] { return sum(scalar(1), {.axis = {0}}); },
          "sum: axis 0 is outside [0, 0) [x ()]"},
         {[&] { return sum(arange(2), {.axis = {0}}); },
          "sum: float32 is needed, got int32 (2,)"}});
}

TEST_CASE("Operations that move elements say what they need") {
  const Tensor x = zeros({2, 3});
  check({{[&] { return reshape(x, {4}); }, "reshape: (2, 3) has 6 elements, (4,) has 4"},
         {[&] { return reshape(x, {4, any}); },
          "reshape: (2, 3) has 6 elements, which (4, None) does not divide into"},
         {[&] { return reshape(Tensor(), {1}); }, "reshape: the operand is an undefined tensor"},
         {[&] { return reshape(x, {any, any}); },
          "reshape: one size may be any, got (None, None) [x (2, 3)]"},
         {[&] { return reshape(ones({10}), Shape{2, 5}.with(0, -5)); },
          "Shape: a size is at least 0, or any, got -5"},
         {[&] { return expand_dims(x, 3); }, "expand_dims: axis 3 is outside [-3, 3) [x (2, 3)]"},
         {[&] { return expand_dims(x, -4); },
          "expand_dims: axis -4 is outside [-3, 3) [x (2, 3)]"},
         {[&] { return expand_dims(zeros({1, 1, 1, 1, 1, 2}), 0); },
          "expand_dims: there is no room for another axis [x (1, 1, 1, 1, 1, 2)]"},
         {[&] { return squeeze(x, -1); }, "squeeze: axis -1 has size 3, only 1 can go [x (2, 3)]"},
         {[&] { return squeeze(x, 2); }, "squeeze: axis 2 is outside [-2, 2) [x (2, 3)]"},
         {[&] { return transpose(x, {0, 2}); }, "transpose: axis 2 is outside [-2, 2) [x (2, 3)]"},
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
         {[&] { return concatenate({x, x}, 2); },
          "concatenate: axis 2 is outside [-2, 2) [x (2, 3)]"},
         {[&] { return stack({}); }, "stack: at least one tensor is needed"},
         {[&] { return stack({x, Tensor()}); }, "stack: the operand is an undefined tensor"},
         {[&] { return stack({x, x}, 3); }, "stack: axis 3 is outside [-3, 3) [x (2, 3)]"},
         {[&] { return stack({x, zeros({2, 4})}); },
          "stack: shapes must agree [float32 (2, 3), float32 (2, 4)]"},
         {[&] { return stack({x, Tensor::empty({2, 3}, DType::int32)}); },
          "stack: shapes must agree [float32 (2, 3), int32 (2, 3)]"},
         {[&] { return slice(x, 2, 0, 1); }, "slice: axis 2 is outside [-2, 2) [x (2, 3)]"},
         {[&] { return split(x, 1, -3)[0]; }, "split: axis -3 is outside [-2, 2) [x (2, 3)]"},
         {[&] { return flip(x, 2); }, "flip: axis 2 is outside [-2, 2) [x (2, 3)]"},
         {[&] { return pad(x, 2, 1, 1); }, "pad: axis 2 is outside [-2, 2) [x (2, 3)]"},
         {[&] { return pad(arange(3), 0, 1, 1); }, "pad: float32 is needed, got int32 (3,)"},
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
         {[&] { return take(x, tensor({-1})); }, "take: id -1 at (0,) is outside [0, 2)"},
         {[&] { return Tensor::empty({std::int64_t{1} << 31, std::int64_t{1} << 31}); },
          "Tensor: (2147483648, 2147483648) has more elements than memory can hold"}});
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
         {[&] { return dense(a, zeros({4, 2}), tensor({1, 2})); },
          "dense: float32 is needed, got int32 (2,)"},
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
         {[&] { return conv1d(x, kernel, arange(4)); },
          "conv1d: float32 is needed, got int32 (4,)"},
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
         {[&] { return gru(zeros({2, 5, 6}), zeros({2, 6}), arange(6), zeros({2, 2}))[0]; },
          "gru: float32 is needed, got int32 (6,)"},
         {[&] { return layer_norm(x, zeros({6}), zeros({5})); },
          "layer_norm: x is (..., n), gamma and beta are (n,) "
          "[x (2, 5, 6), gamma (6,), beta (5,)]"},
         {[&] { return layer_norm(x, zeros({5}), {}); },
          "layer_norm: x is (..., n), gamma and beta are (n,) "
          "[x (2, 5, 6), gamma (5,), beta none]"},
         {[&] { return layer_norm(x, arange(6), {}); },
          "layer_norm: float32 is needed, got int32 (6,)"},
         {[&] { return layer_norm(x, {}, arange(6)); },
          "layer_norm: float32 is needed, got int32 (6,)"},
         {[&] {
            return additive_attention(x, x, x, {}, {.pair_mask = mask_of({{true}})})[0];
          },
          "additive_attention: takes no pair mask, got (1, 1); dot_product_attention does"},
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
