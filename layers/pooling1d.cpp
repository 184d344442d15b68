#include <kindling/layers/pooling1d.h>

#include <kindling/autograd/shaping.h>
#include <kindling/layers/windows.h>
#include <kindling/tensor/fail.h>

namespace kindling {

void Pooling1DImpl::fields(Fields& f) {
  f("pool_size", options_.pool_size);
  f("strides", options_.strides);
  f("padding", options_.padding);
  f("data_format", options_.data_format);
}

void Pooling1DImpl::check_options() const {
  constexpr std::int64_t most = (std::int64_t{1} << 31) - 1;
  const auto fits = [](std::int64_t n) { return n >= 1 && n <= most; };
  if (!fits(options_.pool_size) || !fits(strides())) {
    fail("{}: pool_size and strides are at least 1 and at most {}, got {} and {}", who(), most,
         options_.pool_size, strides());
  }
  if (options_.padding == Padding::causal) fail_with("padding is valid or same, got causal");
}

void Pooling1DImpl::check(const Shapes& inputs) const {
  check_count(inputs, 1);
  check_rank(inputs[0], 3, last() ? "(batch, steps, channels)" : "(batch, channels, steps)");
  const std::int64_t steps = inputs[0][last() ? 1 : 2];
  if (options_.padding == Padding::valid && steps != any && steps < options_.pool_size) {
    fail("{}: padding \"valid\" needs at least {} steps, got input {}; padding \"same\" takes any",
         who(), options_.pool_size, inputs[0].str());
  }
}

Tensors Pooling1DImpl::call(const Tensors& inputs, const Call&) {
  const Tensor x = last() ? inputs[0] : transpose(inputs[0], {0, 2, 1});
  const auto windows =
      detail::windows_over(x.size(1), options_.pool_size, strides(), options_.padding);
  const Tensor y = pool_(x, {.size = options_.pool_size, .stride = strides(),
                             .pad_left = windows.left, .pad_right = windows.right});
  return {last() ? y : transpose(y, {0, 2, 1})};
}

Shapes Pooling1DImpl::compute_output_shape(const Shapes& inputs, const Call&) {
  const int axis = last() ? 1 : 2;
  const std::int64_t steps = inputs[0][axis];
  if (steps == any) return inputs;
  return {inputs[0].with(
      axis, detail::windows_over(steps, options_.pool_size, strides(), options_.padding).count)};
}

}  // namespace kindling
