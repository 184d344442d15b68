// Sums over blocks that threads share: parts of the blocks have sums of their own, which are added
// up afterwards. Results depend on the parts, so these depend on the sizes alone.
#pragma once

#include <algorithm>
#include <cstdint>

#include <kindling/tensor/kernels/reduce.h>
#include <kindling/tensor/kernels/scratch.h>
#include <kindling/tensor/threads.h>

namespace kindling::kernels {

inline constexpr std::int64_t most_parts = 8;

// Parts of each of `count` such sums, of `blocks` blocks each: several where there are few sums, so
// that there is work for several threads.
inline std::int64_t parts_of_each(std::int64_t count, std::int64_t blocks) {
  return std::clamp<std::int64_t>(most_parts / std::max<std::int64_t>(1, count), 1,
                                  std::max<std::int64_t>(1, blocks));
}

// total (size floats) = the sum of what body(first, last, to) makes of blocks [first, last), at
// least one: a part of [0, blocks). Messages name `who`.
template <class Body>
void sum_in_parts(const char* who, std::int64_t blocks, std::int64_t size, float* total,
                  Body body) {
  constexpr std::int64_t most_floats = std::int64_t{1} << 24;
  const std::int64_t parts =
      std::min({most_parts, blocks, std::max<std::int64_t>(1, most_floats / size)});
  const Scratch sums(parts > 1 ? parts * size : 0, who);
  parallel_for(parts, [&](std::int64_t part) {
    body(part * blocks / parts, (part + 1) * blocks / parts,
         parts > 1 ? sums.data() + part * size : total);
  });
  if (parts > 1) sum(sums.data(), 1, parts, size, total);
}

}  // namespace kindling::kernels
