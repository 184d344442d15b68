#include <kindling/autograd/gradcheck.h>

#include <algorithm>
#include <cmath>

#include <kindling/autograd/graph.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/random.h>

namespace kindling {
namespace {

double weighted_sum(const Tensor& y, const Tensor& weights) {
  double sum = 0;
  for (std::size_t i = 0; i < y.floats().size(); ++i) {
    sum += static_cast<double>(y.floats()[i]) * static_cast<double>(weights.floats()[i]);
  }
  return sum;
}

}  // namespace

void gradcheck(const std::function<Tensor(const Tensors&)>& f, const Tensors& inputs,
               const GradcheckOptions& options) {
  Tensors variables;
  for (const Tensor& x : inputs) {
    const bool differentiable = x.defined() && x.dtype() == DType::float32;
    variables.push_back(differentiable ? with_mask(variable(x.clone()), x.mask()) : x);
  }
  const Tensor y = f(variables);
  Generator generator(options.seed);
  const Tensor weights = random_uniform(y.shape(), 0.5f, 1.5f, generator);
  backward({y}, {weights});

  NoGrad no_grad;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!variables[i].defined() || !variables[i].node()) continue;
    const Tensor kept = grad(variables[i]);
    const Tensor by_backward = kept.defined() ? kept : zeros(inputs[i].shape());
    double scale = 1;
    for (const float g : by_backward.floats()) {
      scale = std::max(scale, std::abs(static_cast<double>(g)));
    }
    for (std::int64_t k = 0; k < inputs[i].elements(); ++k) {
      float& at = variables[i].mutable_floats()[static_cast<std::size_t>(k)];
      const float before = at;
      const auto moved = [&](double steps) {
        at = static_cast<float>(static_cast<double>(before) + steps * options.step);
        const double sum = weighted_sum(f(variables), weights);
        at = before;
        return sum;
      };
      // Five points: the error is of the fourth order in the step.
      const double difference = (8 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) /
                                (12 * options.step);
      const float ours = by_backward.floats()[static_cast<std::size_t>(k)];
      const double distance = std::abs(difference - static_cast<double>(ours));
      if (!(distance <= options.tolerance * scale)) {
        fail("gradcheck: input {} at {}: backward says {}, differences say {:.6g}", i,
             inputs[i].shape().place(k).str(), ours, difference);
      }
    }
  }
}

}  // namespace kindling
