// 1D convolution as matrix products, of windows or in Winograd's form, a block at a time.
#pragma once

#include <cstdint>

#include <kindling/tensor/kernels/elementwise.h>

namespace kindling::kernels {

// Shapes: x (batch, steps, channels), kernel (taps, channels / groups, filters),
// y (batch, out_steps, filters). Output step t reads input steps t * stride + j * dilation -
// pad_left for j in [0, taps); a step outside [0, steps) counts as zero.
struct Conv1DGeometry {
  std::int64_t batch, steps, channels, taps, filters, out_steps;
  std::int64_t stride = 1, dilation = 1, groups = 1, pad_left = 0;
};

// y = activation(x convolved with the kernel, plus bias); both may be null.
void conv1d(const Conv1DGeometry& g, const float* x, const float* kernel, const float* bias,
            PointwiseKernel* activation, float* y);
// dx = the gradient for x of sum(y * dy); overwritten.
void conv1d_input_gradient(const Conv1DGeometry& g, const float* dy, const float* kernel,
                           float* dx);
// dkernel = the gradient for the kernel; overwritten.
void conv1d_kernel_gradient(const Conv1DGeometry& g, const float* x, const float* dy,
                            float* dkernel);

}  // namespace kindling::kernels
