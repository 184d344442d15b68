// 1D convolution in Winograd's form, for kernels of 3 to 5 taps without stride or dilation: 0.5 of
// the multiplications that the definition has, or 0.6 with 5 taps.
//
// Rounding errors are about twice those of plain sums (1.9 to 2.2 times, with 128 channels of
// normal numbers). They are relative to what is largest in the six steps of a tile, which are up to
// three more than an output's own window: beside a step that is a million times as large as others,
// outputs that don't read it lose digits, and beside a NaN they may be NaN.
#pragma once

#include <kindling/tensor/kernels/conv1d.h>

namespace kindling::kernels {

// Whether it can be computed so, and is faster so.
bool winograd_wins(const Conv1DGeometry& g);

// As the functions of conv1d.h, for a convolution that isn't empty, of 3 to 5 taps, without stride
// or dilation.
void winograd_conv1d(const Conv1DGeometry& g, const float* x, const float* kernel,
                     const float* bias, PointwiseKernel* activation, float* y);
void winograd_input_gradient(const Conv1DGeometry& g, const float* dy, const float* kernel,
                             float* dx);
void winograd_kernel_gradient(const Conv1DGeometry& g, const float* x, const float* dy,
                              float* dkernel);

}  // namespace kindling::kernels
