// The largest, or the mean, of each channel over windows of steps.
#pragma once

#include <cstdint>

namespace kindling::kernels {

// x (batch, steps, channels), y (batch, windows, channels): window w is the steps from
// w * stride - pad_left on, `size` of them, those outside the sequence left out; at least one is
// inside.
struct PoolGeometry {
  std::int64_t batch = 0, steps = 0, channels = 0, windows = 0;
  std::int64_t size = 1, stride = 1, pad_left = 0;
};

void max_pool(const PoolGeometry& geometry, const float* x, float* y);  // a NaN gives NaN
void average_pool(const PoolGeometry& geometry, const float* x, float* y);

// dx from g, the gradient for y. Of equal largest steps in a window, the first gets it.
void max_pool_gradient(const PoolGeometry& geometry, const float* x, const float* y,
                       const float* g, float* dx);
void average_pool_gradient(const PoolGeometry& geometry, const float* g, float* dx);

}  // namespace kindling::kernels
