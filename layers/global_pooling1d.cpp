#include <kindling/layers/global_pooling1d.h>

#include <kindling/autograd/reduce.h>
#include <kindling/autograd/sequence.h>
#include <kindling/autograd/shaping.h>

namespace kindling {

void GlobalPooling1DImpl::fields(Fields& f) {
  f("data_format", options_.data_format);
  f("keepdims", options_.keepdims);
}

void GlobalPooling1DImpl::check(const Shapes& inputs) const {
  check_count(inputs, 1);
  check_rank(inputs[0], 3, last() ? "(batch, steps, channels)" : "(batch, channels, steps)");
  if (!mean_ && inputs[0][last() ? 1 : 2] == 0) {
    fail_with("at least one step is needed, got input " + inputs[0].str());
  }
}

Tensors GlobalPooling1DImpl::call(const Tensors& inputs, const Call& call) {
  const int steps = last() ? 1 : 2;
  if (!mean_) return {max(inputs[0], {.axis = {steps}, .keepdims = options_.keepdims})};
  const Tensor x = last() ? inputs[0] : transpose(inputs[0], {0, 2, 1});
  const Tensor& mask = call.masks[0];
  if (mask.defined() && mask.shape() != Shape{x.size(0), x.size(1)}) {
    fail_with("a mask is (batch, steps), got " + mask.shape().str() + " [input " +
              inputs[0].shape().str() + "]");
  }
  const Tensor y = mean_over_steps(x, mask);
  return {options_.keepdims ? expand_dims(y, steps) : y};
}

Shapes GlobalPooling1DImpl::compute_output_shape(const Shapes& inputs, const Call&) {
  const int steps = last() ? 1 : 2;
  return {options_.keepdims ? inputs[0].with(steps, 1) : inputs[0].without(steps)};
}

Tensor GlobalPooling1DImpl::compute_mask(const Tensors& inputs, const Call& call) {
  return mean_ ? Tensor() : LayerImpl::compute_mask(inputs, call);
}

}  // namespace kindling
