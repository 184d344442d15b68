// The linear maps between steps, taps and the six points of Winograd's convolution.
#pragma once

#include <cstdint>

namespace kindling::kernels {

// A map of rows of n floats: each row of `out` is a sum of those of `in`, times fixed factors.
// Rows lie in_step and out_step floats apart.
using MapRows = void(const float* in, std::int64_t in_step, float* out, std::int64_t out_step,
                     std::int64_t n);

struct WinogradMaps {
  MapRows* input;            // 6 steps -> 6 points
  MapRows* kernel;           // taps -> 6 points
  MapRows* output;           // 6 points -> 7 - taps steps
  MapRows* output_gradient;  // 7 - taps steps -> 6 points: output, transposed
  MapRows* kernel_gradient;  // 6 points -> taps: kernel, transposed
};

// For kernels of 3 to 5 taps, in the machine's instruction set.
WinogradMaps winograd_maps(std::int64_t taps);

}  // namespace kindling::kernels
