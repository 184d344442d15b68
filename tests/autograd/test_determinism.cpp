// The same bits with any number of threads.
#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>
#include <kindling/tensor/random.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

// Convolution and attention over looked-up rows, there and back; all results and gradients.
Tensors encode_and_attend() {
  const Tensor table = variable(normals({50, 32}, 1));
  const Tensor kernel = variable(normals({4, 32, 40}, 2, 0.2)), bias = variable(normals({40}, 3));
  const Tensor scale = variable(normals({40}, 4));
  const Conv1DShape same{.pad_left = 1, .pad_right = 2};
  const Tensor query = conv1d(take(table, random_ids({6, 37}, 5, 50)), kernel, bias, same);
  const Tensor value = conv1d(take(table, random_ids({6, 53}, 6, 50)), kernel, bias, same);
  Generator generator(9);
  const AttentionArguments arguments{
      .value_mask = coins({6, 53}, 7, 0.8), .dropout = 0.2, .generator = &generator};
  const Tensor seen = gelu(additive_attention(query, value, value, scale, arguments)[0]);
  const Tensor loss = mean(square(mean_over_steps(seen, coins({6, 37}, 8, 0.8))));
  backward(loss);
  return {loss, grad(table), grad(kernel), grad(bias), grad(scale)};
}

}  // namespace

TEST_CASE("Forward and backward give the same bits with 1, 2, 3 and 8 threads") {
  Tensors expected;
  for (const int count : {1, 2, 3, 8}) {
    const ThreadsScope scope(count);
    const Tensors results = encode_and_attend();
    if (expected.empty()) expected = results;
    CAPTURE(count);
    for (std::size_t i = 0; i < results.size(); ++i) CHECK(same_bits(results[i], expected[i]));
    CHECK(std::isfinite(results[0].item()));
  }
}

TEST_CASE("Long element-wise operations and reductions give the same bits too") {
  Tensors expected;
  for (const int count : {1, 2, 3, 8}) {
    const ThreadsScope scope(count);
    const Tensor x = variable(normals({700, 301}, 1)), row = variable(normals({301}, 2));
    const Tensor y = log_softmax(tanh(x * row) + exp(-square(x)), 0);
    const Tensor normal = reshape(layer_norm(x, row, row), {7, 100, 301});
    const Tensor pooled = max_pool1d(normal, {.size = 3}) + average_pool1d(normal, {.size = 3});
    backward(sum(y * normals({700, 301}, 3)) + sum(max(x, {.axis = {0}})) + sum(softplus(x)) +
             sum(square(pooled)));
    const Tensors results = {y, pooled, grad(x), grad(row)};
    if (expected.empty()) expected = results;
    CAPTURE(count);
    for (std::size_t i = 0; i < results.size(); ++i) CHECK(same_bits(results[i], expected[i]));
  }
}
