// How far a float is from the true value.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

// In units in the last place, the distances between floats there; NaN and infinities must be met
// exactly.
inline double units_off(float y, double t) {
  const auto rounded = static_cast<float>(t);
  if (std::isnan(t) || std::isnan(y)) return std::isnan(t) && std::isnan(y) ? 0 : INFINITY;
  if (std::isinf(rounded) || std::isinf(y)) {
    const bool either_side_of_the_edge = std::isfinite(t) && std::abs(y) >= 0x1.fffffcp127f;
    return y == rounded || either_side_of_the_edge ? 0 : INFINITY;
  }
  constexpr std::uint64_t exponent = 0x7ff0'0000'0000'0000;
  const double power_of_two = std::bit_cast<double>(std::bit_cast<std::uint64_t>(t) & exponent);
  const double unit = std::max(power_of_two * 0x1p-23, 0x1p-149);  // among subnormals, their own
  return std::abs(static_cast<double>(y) - t) / unit;
}
