#include <kindling/layers/dense.h>

#include <kindling/autograd/matmul.h>
#include <kindling/layers/kernel_options.h>
#include <kindling/tensor/fail.h>

namespace kindling {

void DenseImpl::fields(Fields& f) {
  f("units", options_.units);
  f("activation", options_.activation);
  detail::kernel_fields(f, options_);
}

void DenseImpl::check_options() const {
  if (options_.units < 1) {
    fail_with("units is at least 1, got " + std::to_string(options_.units));
  }
}

void DenseImpl::check(const Shapes& inputs) const {
  check_count(inputs, 1);
  const Shape& input = inputs[0];
  if (input.rank() < 2) fail_with("input is (batch, ..., channels), got " + input.str());
  if (!built()) {
    if (input[-1] == any) fail_with("the number of channels must be known, got " + input.str());
  } else if (input[-1] != any && input[-1] != kernel_.size(0)) {
    fail("{}: kernel {} was built for {} channels, got input {}", who(), kernel_.shape().str(),
         kernel_.size(0), input.str());
  }
}

void DenseImpl::build(const Shapes& inputs) {
  const std::int64_t units = options_.units;
  kernel_ = add_weight("kernel", {inputs[0][-1], units}, options_.kernel_initializer,
                       detail::kernel_weight(options_));
  if (options_.use_bias) {
    bias_ = add_weight("bias", {units}, options_.bias_initializer, detail::bias_weight(options_));
  }
  if (const Layer activation(options_.activation.layer()); activation.defined()) {
    keep_layer(activation);
    activation.build(compute_output_shape(inputs, {}));
  }
}

Tensors DenseImpl::call(const Tensors& inputs, const Call&) {
  return {options_.activation.behind([&](Pointwise activation) {
    return dense(inputs[0], kernel_, bias_, activation);
  })};
}

Shapes DenseImpl::compute_output_shape(const Shapes& inputs, const Call&) {
  return {inputs[0].with(-1, options_.units)};
}

}  // namespace kindling
