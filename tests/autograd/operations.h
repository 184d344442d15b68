// A table of every operation: how to call it, what it should give, and on which numbers.
#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <kindling/autograd/ops.h>

#include "tests/tensors.h"

namespace kindling {

struct Operation {
  std::string name;  // as declared
  std::string kind;  // what is special about this case
  std::function<Tensor(const Tensors&)> f;
  Tensors inputs;
  Tensor expected;   // from a naive computation
  bool differentiable = true;
  double tolerance = 1e-5;
};
using Operations = std::vector<Operation>;

Operations all_operations();

Operations elementwise_operations();
Operations activation_operations();
Operations comparison_operations();
Operations reduce_operations();
Operations softmax_operations();
Operations shaping_operations();
Operations matmul_operations();
Operations sequence_operations();

// Naive: f of each element.
inline Tensor each(const Tensor& x, const std::function<double(double)>& f) {
  return tensor_of(x.shape(), [&](const Index& at) { return f(element(x, at)); });
}

}  // namespace kindling
