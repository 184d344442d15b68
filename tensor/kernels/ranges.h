// A kernel over n elements or over rows, cut into blocks that threads share.
#pragma once

#include <algorithm>
#include <cstdint>

#include <kindling/tensor/threads.h>

namespace kindling::kernels {

// a / b, and the next multiple of b from a on.
inline std::int64_t quotient_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
inline std::int64_t round_up(std::int64_t a, std::int64_t b) { return quotient_up(a, b) * b; }

// Things a block, of `count` and at most `most`: all in one if they fit and are `few`, else blocks
// of one size and a multiple of four of them, for the threads.
inline std::int64_t even_block(std::int64_t count, std::int64_t most, bool few = true) {
  if (count <= most && few) return count > 1 ? count : 1;
  return quotient_up(count, round_up(quotient_up(count, most), 4));
}

// Elements a block: below this, starting a thread costs more than it saves.
inline constexpr std::int64_t elements_per_block = 32768;

// As many rows, or other things that each cost as much as `cost` elements.
inline std::int64_t rows_per_block(std::int64_t cost) {
  return std::max<std::int64_t>(1, elements_per_block / std::max<std::int64_t>(1, cost));
}

// As many things of `work` each as are worth a thread together, which takes `least_work`.
inline std::int64_t worth_a_thread(double work, double least_work) {
  return static_cast<std::int64_t>(std::clamp(least_work / std::max(work, 1.0), 1.0, 1e6));
}

// What stands for an argument in the block that begins at element `begin`: pointers move there, but
// for null.
template <class T>
T at_element(T value, std::int64_t) {
  return value;
}
template <class T>
T* at_element(T* pointer, std::int64_t begin) {
  return pointer ? pointer + begin : nullptr;
}

// body(begin, end) on blocks of [0, n); a single one is spared the way to the threads.
template <class Body>
void for_blocks(std::int64_t n, Body body) {
  if (n > elements_per_block) {
    parallel_ranges(n, elements_per_block, body);
  } else if (n > 0) {
    body(std::int64_t{0}, n);
  }
}

// body(begin, end) on blocks of [0, rows), each row as much as `cost` elements; rows of none have
// nothing to do. Rows don't meet, so their results don't depend on the cut.
template <class Body>
void for_rows(std::int64_t rows, std::int64_t cost, Body body) {
  if (cost > 0) parallel_ranges(rows, rows_per_block(cost), body);
}

// kernel(arguments..., n), block by block.
template <class Kernel, class... Arguments>
void in_blocks(std::int64_t n, Kernel* kernel, Arguments... arguments) {
  for_blocks(n, [&](std::int64_t begin, std::int64_t end) {
    kernel(at_element(arguments, begin)..., end - begin);
  });
}

}  // namespace kindling::kernels
