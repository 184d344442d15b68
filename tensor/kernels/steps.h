// Steps of a sequence of which some may lie outside of it: padding.
#pragma once

#include <algorithm>
#include <cstdint>

namespace kindling::kernels {

// Copies the steps [first, first + count) of a sequence, `width` floats of each, one behind the
// other: zeros for a step outside [0, steps). Steps lie `apart` floats from one to the next, and
// nothing between them if count > 1. Returns the end of what was written.
inline float* copy_steps(const float* sequence, std::int64_t steps, std::int64_t apart,
                         std::int64_t width, std::int64_t first, std::int64_t count, float* to) {
  const std::int64_t begin = std::clamp<std::int64_t>(-first, 0, count);
  const std::int64_t end = std::clamp<std::int64_t>(steps - first, begin, count);
  to = std::fill_n(to, begin * width, 0.0f);
  if (begin < end) to = std::copy_n(sequence + (first + begin) * apart, (end - begin) * width, to);
  return std::fill_n(to, (count - end) * width, 0.0f);
}

}  // namespace kindling::kernels
