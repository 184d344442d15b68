// Where windows lie over the steps of a sequence: for source files.
#pragma once

#include <algorithm>
#include <cstdint>

#include <kindling/layers/config.h>

namespace kindling::detail {

struct Windows {
  std::int64_t left = 0, right = 0;  // steps that they reach beyond the first and the last
  std::int64_t count = 0;
};

// No steps give no windows.
inline Windows windows_over(std::int64_t steps, std::int64_t size, std::int64_t stride,
                            Padding padding) {
  Windows w;
  if (padding == Padding::causal) w.left = size - 1;
  if (padding == Padding::same) {
    w.count = (steps + stride - 1) / stride;
    const std::int64_t total = std::max<std::int64_t>(0, (w.count - 1) * stride + size - steps);
    w.left = total / 2;
    w.right = total - total / 2;
  }
  w.count = steps == 0 ? 0 : (steps + w.left + w.right - size) / stride + 1;
  return w;
}

}  // namespace kindling::detail
