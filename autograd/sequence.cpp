#include <kindling/autograd/sequence.h>

#include <algorithm>
#include <bit>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/graph.h>
#include <kindling/autograd/operands.h>
#include <kindling/autograd/reduce.h>
#include <kindling/autograd/shaping.h>
#include <kindling/tensor/kernels/conv1d.h>

namespace kindling {

Tensor conv1d(const Tensor& x, const Tensor& kernel, const Tensor& bias,
              const Conv1DShape& options, Pointwise activation) {
  detail::require("conv1d", x, DType::float32);
  detail::require("conv1d", kernel, DType::float32);
  detail::require_if_defined("conv1d", bias, DType::float32);
  if (x.rank() != 3 || kernel.rank() != 3 || options.groups < 1 ||
      x.size(2) % options.groups != 0 || x.size(2) / options.groups != kernel.size(1) ||
      kernel.size(2) % options.groups != 0) {
    fail("conv1d: x (batch, steps, channels) and kernel (taps, channels / groups, filters) don't "
         "fit [x {}, kernel {}, groups {}]", x.shape().str(), kernel.shape().str(),
         options.groups);
  }
  constexpr std::int64_t most = std::int64_t{1} << 31;  // so that no sum of products overflows
  const auto within = [](std::int64_t n, std::int64_t least) { return n >= least && n <= most; };
  if (!within(options.stride, 1) || !within(options.dilation, 1) ||
      !within(options.pad_left, 0) || !within(options.pad_right, 0)) {
    fail("conv1d: stride and dilation are at least 1, pads at least 0, all at most {}, got {}, {}, "
         "{} and {}", most, options.stride, options.dilation, options.pad_left, options.pad_right);
  }
  if (!within(kernel.size(0), 1)) {
    fail("conv1d: the kernel has no taps, or too many [kernel {}]", kernel.shape().str());
  }
  if (bias.defined() && bias.shape() != Shape{kernel.size(2)}) {
    fail("conv1d: bias has a number a filter, {}, got {}", kernel.size(2), bias.shape().str());
  }
  const std::int64_t effective = (kernel.size(0) - 1) * options.dilation + 1;
  const std::int64_t padded = x.size(1) + options.pad_left + options.pad_right;
  const bool empty = x.size(1) == 0;
  if (padded < effective && !empty) {
    fail("conv1d: {} steps are fewer than the kernel's {} [x {}, kernel {}]", padded, effective,
         x.shape().str(), kernel.shape().str());
  }
  const std::int64_t filters = kernel.size(2);
  const std::int64_t out_steps = empty ? 0 : (padded - effective) / options.stride + 1;
  const kernels::Conv1DGeometry g{.batch = x.size(0), .steps = x.size(1), .channels = x.size(2),
                                  .taps = kernel.size(0), .filters = filters,
                                  .out_steps = out_steps,
                                  .stride = options.stride, .dilation = options.dilation,
                                  .groups = options.groups, .pad_left = options.pad_left};
  Tensor y = Tensor::empty({g.batch, g.out_steps, filters}, DType::float32, "conv1d");
  kernels::conv1d(g, x.floats().data(), kernel.floats().data(), detail::floats_or_null(bias),
                  detail::kernels_of(activation).apply, y.mutable_floats().data());
  const Tensor saved = activation == Pointwise::linear ? Tensor() : y;
  const auto pullback = [activation, saved, g, x, kernel](const Tensors& gradients,
                                                          const std::vector<bool>& wanted) {
    const Tensor dy = detail::before_activation(activation, gradients[0], saved);
    std::vector<Gradient> to(3);
    if (wanted[0]) {
      Tensor dx = Tensor::empty(x.shape());
      kernels::conv1d_input_gradient(g, dy.floats().data(), kernel.floats().data(),
                                     dx.mutable_floats().data());
      to[0] = dx;
    }
    if (wanted[1]) {
      Tensor dkernel = Tensor::empty(kernel.shape());
      kernels::conv1d_kernel_gradient(g, x.floats().data(), dy.floats().data(),
                                      dkernel.mutable_floats().data());
      to[1] = dkernel;
    }
    if (wanted[2]) to[2] = sum(dy, {.axis = {0, 1}});
    return to;
  };
  return record_fused("conv1d", {y}, {x, kernel, bias}, pullback)[0];
}

Tensor finite_where_masked(const Tensor& x, const Tensor& mask) {
  if (!mask.defined()) return x;
  detail::require("finite_where_masked", x, DType::float32);
  detail::require("finite_where_masked", mask, DType::boolean);
  const int rank = mask.rank();
  if (!mask.shape().leads(x.shape())) {
    fail("finite_where_masked: a mask has the leading sizes of its tensor [x {}, mask {}]",
         x.shape().str(), mask.shape().str());
  }
  const std::int64_t width = rank > 0 ? x.shape().inner(rank - 1) : x.elements();
  const std::span<const bool> counts = mask.bools();
  const float* row = x.floats().data();
  for (std::size_t r = 0; r < counts.size(); ++r, row += width) {
    if (counts[r]) continue;
    // As integers, bits without the sign are in the order of magnitudes, a NaN's above all.
    std::uint32_t largest = 0;
    for (std::int64_t i = 0; i < width; ++i) {
      largest = std::max(largest, std::bit_cast<std::uint32_t>(row[i]) & 0x7fffffffU);
    }
    if (largest < 0x7f800000U) continue;
    Tensor spread = mask;
    while (spread.rank() < x.rank()) spread = expand_dims(spread, -1);
    return where(spread, x, scalar(0));
  }
  return x;
}

Tensor mean_over_steps(const Tensor& x, const Tensor& mask) {
  detail::require("mean_over_steps", x, DType::float32);
  if (x.rank() != 3 || (mask.defined() && mask.shape() != Shape{x.size(0), x.size(1)})) {
    fail("mean_over_steps: x is (batch, steps, channels) and mask (batch, steps) [x {}, mask {}]",
         x.shape().str(), mask.defined() ? mask.shape().str() : "none");
  }
  if (x.size(1) == 0) return sum(x, {.axis = {1}});
  if (!mask.defined()) return mean(x, {.axis = {1}});
  detail::require("mean_over_steps", mask, DType::boolean);
  const Tensor weights = cast(mask, DType::float32);
  const Tensor count = maximum(sum(weights, {.axis = {1}, .keepdims = true}), scalar(1));
  const Tensor share = expand_dims(weights / count, -1);  // (batch, steps, 1)
  return sum(finite_where_masked(x, mask) * share, {.axis = {1}});
}

}  // namespace kindling
