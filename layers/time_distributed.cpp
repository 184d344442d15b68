#include <kindling/layers/time_distributed.h>

#include <algorithm>

#include <kindling/autograd/shaping.h>
#include <kindling/layers/activity_loss.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

// (batch, steps, ...) -> (batch * steps, ...) and back.
Shape folded(const Shape& shape) {
  const bool known = shape[0] != any && shape[1] != any;
  return shape.without(0).with(0, known ? shape[0] * shape[1] : any);
}
Shape unfolded(const Shape& shape, const Shape& input) {
  return shape.with(0, input[1]).inserted(0, input[0]);
}

}  // namespace

void TimeDistributedImpl::fields(Fields& f) {
  f("layer", options_.layer);
  if (f.reading()) add_layer(layer());
}

void TimeDistributedImpl::check_options() const {
  if (!layer().defined()) fail("{}: layer is none, one is needed", who());
}

void TimeDistributedImpl::check(const Shapes& inputs) const {
  check_count(inputs, 1);
  if (inputs[0].rank() < 3) fail_with("input is (batch, steps, ...), got " + inputs[0].str());
  layer().impl()->check({folded(inputs[0])});
}

void TimeDistributedImpl::build(const Shapes& inputs) { layer().build({folded(inputs[0])}); }

Tensors TimeDistributedImpl::call(const Tensors& inputs, const Call& call) {
  const Shape& shape = inputs[0].shape();
  const Tensor& mask = call.masks[0];
  if (mask.defined() && (mask.rank() < 2 || mask.size(0) != shape[0] || mask.size(1) != shape[1])) {
    fail("{}: a mask is (batch, steps, ...), got {} [input {}]", who(), mask.shape().str(),
         shape.str());
  }
  // The layer gets the rest of a mask of more axes than the steps, if its call looks at masks.
  const bool unseen = mask.defined() && (mask.rank() == 2 || layer().impl()->passes_masks_unseen());
  const Tensor inner = mask.defined() && !unseen ? mask.reshaped(folded(mask.shape())) : Tensor();
  const FoldedBatch batch(shape[0]);
  Tensors results = layer().call({reshape(inputs[0], folded(shape))},
                                 {.mask = {inner}, .training = call.training});
  for (Tensor& result : results) {
    Tensor passed = result.mask();
    if (passed.defined()) passed = passed.reshaped(unfolded(passed.shape(), shape));
    result = reshape(result, unfolded(result.shape(), shape));
    result = with_mask(result, unseen && mask.shape().masks(result.shape()) ? mask : passed);
  }
  return results;
}

Shapes TimeDistributedImpl::compute_output_shape(const Shapes& inputs, const Call& call) {
  Shapes shapes = layer().impl()->compute_output_shape({folded(inputs[0])}, call);
  for (Shape& shape : shapes) shape = unfolded(shape, inputs[0]);
  return shapes;
}

}  // namespace kindling
