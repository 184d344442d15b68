// Sizes and numbers at which kernels go wrong first.
#pragma once

#include <cstdint>
#include <limits>

// Below, at and beside whole vectors and blocks.
inline constexpr std::int64_t odd_sizes[] = {0,  1,  3,  7,  8,   9,    15,
                                             16, 17, 31, 33, 100, 1000, 100003};

inline constexpr float infinite = std::numeric_limits<float>::infinity();
inline constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
