#include <kindling/layers/activation_layers.h>

#include <kindling/autograd/activations.h>
#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/reduce.h>
#include <kindling/autograd/shaping.h>
#include <kindling/layers/axes_last.h>
#include <kindling/tensor/fail.h>

namespace kindling {

void ReLUImpl::fields(Fields& f) {
  f("max_value", options_.max_value);
  f("negative_slope", options_.negative_slope);
  f("threshold", options_.threshold);
}

void ReLUImpl::check_options() const {
  const double max_value = options_.max_value.value_or(0);
  if (!(max_value >= 0 && options_.negative_slope >= 0 && options_.threshold >= 0)) {
    fail("{}: max_value, negative_slope and threshold are at least 0, got {}, {} and {}", who(),
         max_value, options_.negative_slope, options_.threshold);
  }
}

Tensors ReLUImpl::call(const Tensors& inputs, const Call&) {
  return {relu(inputs[0], {.negative_slope = options_.negative_slope,
                           .max_value = options_.max_value, .threshold = options_.threshold})};
}

Tensors LeakyReLUImpl::call(const Tensors& inputs, const Call&) {
  return {leaky_relu(inputs[0], options_.negative_slope)};
}

Tensors ELUImpl::call(const Tensors& inputs, const Call&) {
  return {elu(inputs[0], options_.alpha)};
}

void PReLUImpl::fields(Fields& f) {
  f("alpha_initializer", options_.alpha_initializer);
  f("alpha_regularizer", options_.alpha_regularizer);
  f("alpha_constraint", options_.alpha_constraint);
  f("shared_axes", options_.shared_axes);
}

Shape PReLUImpl::shape_of_alpha(const Shape& input) const {
  Shape shape = input;
  for (const int axis : detail::resolved(who(), options_.shared_axes, input)) {
    shape = shape.with(axis, 1);
  }
  return shape.without(0);
}

void PReLUImpl::check(const Shapes& inputs) const {
  check_count(inputs, 1);
  if (inputs[0].rank() < 1) fail_with("input is (batch, ...), got " + inputs[0].str());
  const Shape shape = shape_of_alpha(inputs[0]);
  if (!built() && !shape.known()) {
    fail_with("sizes that aren't known must be those of shared_axes, got " + inputs[0].str());
  }
  if (built() && !compatible(shape, alpha_.shape())) {
    fail("{}: alpha {} was built for other sizes, got input {}", who(), alpha_.shape().str(),
         inputs[0].str());
  }
}

void PReLUImpl::build(const Shapes& inputs) {
  alpha_ = add_weight("alpha", shape_of_alpha(inputs[0]), options_.alpha_initializer,
                      {.regularizer = options_.alpha_regularizer,
                       .constraint = options_.alpha_constraint});
}

Tensors PReLUImpl::call(const Tensors& inputs, const Call&) {
  return {relu(inputs[0]) - alpha_ * relu(-inputs[0])};
}

void SoftmaxImpl::check(const Shapes& inputs) const {
  check_count(inputs, 1);
  detail::resolved(who(), options_.axis, inputs[0]);
}

Tensor SoftmaxImpl::compute_mask(const Tensors& inputs, const Call& call) {
  const Tensor& mask = call.masks[0];
  if (!mask.defined()) return mask;
  Shape shape = mask.shape();
  while (shape.rank() < inputs[0].rank()) shape = shape.inserted(0, 1);
  if (!shape.masks(inputs[0].shape())) {
    fail("{}: a mask broadcasts to the input, got {} [input {}]", who(), mask.shape().str(),
         inputs[0].shape().str());
  }
  return mask.reshaped(shape);
}

Tensors SoftmaxImpl::call(const Tensors& inputs, const Call& call) {
  Tensor mask = compute_mask(inputs, call);
  if (mask.defined()) mask = broadcast_to(mask, inputs[0].shape());
  const std::vector<int> axes = detail::resolved(who(), options_.axis, inputs[0].shape());
  return {detail::along_axes(axes, inputs[0], mask, [](const Tensor& x, const Tensor& counts) {
    return counts.defined() ? masked_softmax(x, counts) : softmax(x);
  })};
}

}  // namespace kindling
