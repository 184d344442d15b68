#include <kindling/layers/global_average_pooling1d.h>

#include <kindling/autograd/sequence.h>
#include <kindling/autograd/shaping.h>

namespace kindling {

void GlobalAveragePooling1DImpl::fields(Fields& f) {
  f("data_format", options_.data_format);
  f("keepdims", options_.keepdims);
}

void GlobalAveragePooling1DImpl::check(const Shapes& inputs) const {
  check_count(inputs, 1);
  const bool last = options_.data_format == DataFormat::channels_last;
  check_rank(inputs[0], 3, last ? "(batch, steps, channels)" : "(batch, channels, steps)");
}

Tensors GlobalAveragePooling1DImpl::call(const Tensors& inputs, const Call& call) {
  const bool last = options_.data_format == DataFormat::channels_last;
  const Tensor x = last ? inputs[0] : transpose(inputs[0], {0, 2, 1});
  const Tensor& mask = call.masks[0];
  if (mask.defined() && mask.shape() != Shape{x.size(0), x.size(1)}) {
    fail_with("a mask is (batch, steps), got " + mask.shape().str() + " [input " +
              inputs[0].shape().str() + "]");
  }
  const Tensor y = mean_over_steps(x, mask);
  return {options_.keepdims ? expand_dims(y, last ? 1 : 2) : y};
}

Shapes GlobalAveragePooling1DImpl::compute_output_shape(const Shapes& inputs, const Call&) {
  const int steps = options_.data_format == DataFormat::channels_last ? 1 : 2;
  return {options_.keepdims ? inputs[0].with(steps, 1) : inputs[0].without(steps)};
}

}  // namespace kindling
