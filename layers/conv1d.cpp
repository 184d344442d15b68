#include <kindling/layers/conv1d.h>

#include <kindling/layers/kernel_options.h>
#include <kindling/layers/windows.h>
#include <kindling/tensor/fail.h>

namespace kindling {

void Conv1DImpl::fields(Fields& f) {
  f("filters", options_.filters);
  f("kernel_size", options_.kernel_size);
  f("strides", options_.strides);
  f("padding", options_.padding);
  f.fixed("data_format", "channels_last");
  f("dilation_rate", options_.dilation_rate);
  f("groups", options_.groups);
  f("activation", options_.activation);
  detail::kernel_fields(f, options_);
}

void Conv1DImpl::check_options() const {
  const Options& o = options_;
  if (o.filters < 1 || o.kernel_size < 1 || o.strides < 1 || o.dilation_rate < 1 || o.groups < 1) {
    fail("{}: filters, kernel_size, strides, dilation_rate and groups are at least 1, got {}, {}, "
         "{}, {} and {}", who(), static_cast<std::int64_t>(o.filters),
         static_cast<std::int64_t>(o.kernel_size), o.strides, o.dilation_rate, o.groups);
  }
  constexpr std::int64_t most = std::int64_t{1} << 31;
  if (o.kernel_size > most || o.strides > most || o.dilation_rate > most) {
    fail("{}: kernel_size, strides and dilation_rate are at most {}, got {}, {} and {}", who(),
         most, static_cast<std::int64_t>(o.kernel_size), o.strides, o.dilation_rate);
  }
  if (o.strides > 1 && o.dilation_rate > 1) {
    fail("{}: strides and dilation_rate exclude each other above 1, got {} and {}", who(),
         o.strides, o.dilation_rate);
  }
  if (o.filters % o.groups != 0) {
    fail("{}: groups must divide filters, got {} and {}", who(), o.groups,
         static_cast<std::int64_t>(o.filters));
  }
}

void Conv1DImpl::check(const Shapes& inputs) const {
  check_count(inputs, 1);
  const Shape& input = inputs[0];
  check_rank(input, 3, "(batch, steps, channels)");
  const std::int64_t channels = input[2], steps = input[1];
  if (!built()) {
    if (channels == any) fail_with("the number of channels must be known, got " + input.str());
    if (channels % options_.groups != 0) {
      fail("{}: groups must divide the channels, got {} and {} [input {}]", who(), options_.groups,
           channels, input.str());
    }
  } else if (channels != any && channels != kernel_.size(1) * options_.groups) {
    fail("{}: kernel {} was built for {} channels, got input {}", who(), kernel_.shape().str(),
         kernel_.size(1) * options_.groups, input.str());
  }
  if (options_.padding == Padding::valid && steps != any && steps < effective()) {
    fail("{}: padding \"valid\" needs at least {} steps, got input {}; padding \"same\" takes any",
         who(), effective(), input.str());
  }
}

void Conv1DImpl::build(const Shapes& inputs) {
  const std::int64_t filters = options_.filters;
  kernel_ = add_weight("kernel", {options_.kernel_size, inputs[0][2] / options_.groups, filters},
                       options_.kernel_initializer,
                       detail::kernel_weight(options_));
  if (options_.use_bias) {
    bias_ = add_weight("bias", {filters}, options_.bias_initializer, detail::bias_weight(options_));
  }
  if (const Layer activation(options_.activation.layer()); activation.defined()) {
    keep_layer(activation);
    activation.build(compute_output_shape(inputs, {}));
  }
}

Tensors Conv1DImpl::call(const Tensors& inputs, const Call&) {
  const auto windows =
      detail::windows_over(inputs[0].size(1), effective(), options_.strides, options_.padding);
  const Conv1DShape shape{.stride = options_.strides, .dilation = options_.dilation_rate,
                          .groups = options_.groups, .pad_left = windows.left,
                          .pad_right = windows.right};
  return {options_.activation.behind([&](Pointwise activation) {
    return conv1d(inputs[0], kernel_, bias_, shape, activation);
  })};
}

Shapes Conv1DImpl::compute_output_shape(const Shapes& inputs, const Call&) {
  std::int64_t steps = inputs[0][1];
  if (steps != any) {
    steps = detail::windows_over(steps, effective(), options_.strides, options_.padding).count;
  }
  return {Shape{inputs[0][0], steps, options_.filters}};
}

}  // namespace kindling
