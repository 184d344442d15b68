// The activations that dense and conv1d apply themselves are those that stand alone.
#include <kindling/autograd/graph.h>
#include <kindling/autograd/ops.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

// A result, and the gradients of its inputs.
template <class Operation>
Tensors both_ways(const Tensors& inputs, Operation operation) {
  Tensors variables;
  for (const Tensor& x : inputs) variables.push_back(variable(x.clone()));
  const Tensor y = operation(variables);
  backward({y}, {normals(y.shape(), 9)});
  Tensors all = {stop_gradient(y)};
  for (const Tensor& v : variables) all.push_back(grad(v));
  return all;
}

struct Case {
  Pointwise fused;
  Tensor (*alone)(const Tensor&);
};
const Case cases[] = {{Pointwise::linear, linear},
                      {Pointwise::relu, relu},
                      {Pointwise::sigmoid, sigmoid},
                      {Pointwise::tanh, tanh}};

}  // namespace

TEST_CASE("dense and conv1d apply an activation as it is applied alone, there and back") {
  const Tensors dense_inputs = {normals({7, 300, 4}, 1), normals({4, 33}, 2), normals({33}, 3)};
  const Tensors conv_inputs = {normals({5, 70, 6}, 4), normals({3, 6, 20}, 5), normals({20}, 6)};
  for (const Case& c : cases) {
    const auto check = [](const Tensors& fused, const Tensors& apart) {
      for (std::size_t i = 0; i < fused.size(); ++i) CHECK(same_bits(fused[i], apart[i]));
    };
    check(both_ways(dense_inputs,
                    [&](const Tensors& in) { return dense(in[0], in[1], in[2], c.fused); }),
          both_ways(dense_inputs,
                    [&](const Tensors& in) { return c.alone(dense(in[0], in[1], in[2])); }));
    check(both_ways(conv_inputs,
                    [&](const Tensors& in) { return conv1d(in[0], in[1], in[2], {}, c.fused); }),
          both_ways(conv_inputs,
                    [&](const Tensors& in) { return c.alone(conv1d(in[0], in[1], in[2])); }));
  }
}

TEST_CASE("dense is the product and the sum that it stands for") {
  const Tensors inputs = {normals({7, 30, 4}, 1), normals({4, 33}, 2), normals({33}, 3)};
  const Tensors fused =
      both_ways(inputs, [](const Tensors& in) { return dense(in[0], in[1], in[2]); });
  const Tensors apart =
      both_ways(inputs, [](const Tensors& in) { return matmul(in[0], in[1]) + in[2]; });
  for (std::size_t i = 0; i < fused.size(); ++i) check_close(fused[i], apart[i], 1e-6);
}
