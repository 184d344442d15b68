// 1D convolution with half the multiplications of its definition: Winograd's form, for kernels of
// 2 to 5 taps without stride or dilation.
#pragma once

#include <kindling/tensor/kernels/conv1d.h>

namespace kindling::kernels {

// Whether it can be computed so.
bool winograd_fits(const Conv1DGeometry& g);
// Whether it is, too, the faster way.
bool winograd_wins(const Conv1DGeometry& g);

// As the functions of conv1d.h, for a convolution that fits and isn't empty.
void winograd_conv1d(const Conv1DGeometry& g, const float* x, const float* kernel,
                     const float* bias, PointwiseKernel* activation, float* y);
void winograd_input_gradient(const Conv1DGeometry& g, const float* dy, const float* kernel,
                             float* dx);
void winograd_kernel_gradient(const Conv1DGeometry& g, const float* x, const float* dy,
                              float* dkernel);

}  // namespace kindling::kernels
