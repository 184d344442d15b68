// A sum over blocks that threads share.
#pragma once

#include <algorithm>
#include <cstdint>

#include <kindling/tensor/kernels/reduce.h>
#include <kindling/tensor/kernels/scratch.h>
#include <kindling/tensor/threads.h>

namespace kindling::kernels {

// total (size floats) = the sum of what body(first, last, to) makes of blocks [first, last), at
// least one. These are parts of [0, blocks), which depend on the sizes alone, with a sum each.
template <class Body>
void sum_in_parts(std::int64_t blocks, std::int64_t size, float* total, Body body) {
  constexpr std::int64_t most_parts = 8, most_floats = std::int64_t{1} << 24;
  const std::int64_t parts =
      std::min({most_parts, blocks, std::max<std::int64_t>(1, most_floats / size)});
  const Scratch sums(parts > 1 ? parts * size : 0);
  parallel_for(parts, [&](std::int64_t part) {
    body(part * blocks / parts, (part + 1) * blocks / parts,
         parts > 1 ? sums.data() + part * size : total);
  });
  if (parts > 1) sum(sums.data(), 1, parts, size, total);
}

}  // namespace kindling::kernels
