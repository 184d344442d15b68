#include <kindling/layers/masking.h>

#include <cmath>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/reduce.h>
#include <kindling/autograd/shaping.h>

namespace kindling {

void MaskingImpl::check(const Shapes& inputs) const {
  check_count(inputs, 1);
  if (inputs[0].rank() < 2) fail_with("input is (batch, steps, ...), got " + inputs[0].str());
}

Tensor MaskingImpl::compute_mask(const Tensors& inputs, const Call&) {
  const Tensor& x = inputs[0];
  // Only a NaN differs from itself.
  const Tensor differs = std::isnan(options_.mask_value) ? equal(x, x)
                                                         : not_equal(x, options_.mask_value);
  return not_equal(sum(cast(differs, DType::float32), {.axis = {-1}}), 0);
}

Tensors MaskingImpl::call(const Tensors& inputs, const Call& call) {
  return {where(expand_dims(compute_mask(inputs, call), -1), inputs[0], scalar(0))};
}

}  // namespace kindling
