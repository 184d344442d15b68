// How many threads the kernels use, and the one loop that uses them.
//
// The same bits come out whatever the number of threads: work is cut into blocks whose bounds
// depend on sizes alone, and no two blocks write to the same place.
#pragma once

#include <cstdint>

#include <kindling/tensor/function_ref.h>

#pragma GCC visibility push(default)
namespace kindling {

// OpenBLAS ends the program when several hundred threads multiply at once.
inline constexpr int most_threads = 128;

// Threads the kernels may use, 1 to most_threads. At first: the machine's. Fails on others; not to
// be set while another thread computes. More than the machine has raise oneTBB's limit for the
// process.
int threads();
void set_threads(int count);

// Runs body(0) .. body(blocks - 1), in any order, on up to threads() threads; returns when all
// are done. Calls from within a block run on its thread. Hold no lock round a call that blocks, its
// own or those of another thread's call, may want: this thread may run such while it waits.
void parallel_for(std::int64_t blocks, FunctionRef<void(std::int64_t block)> body);

// Splits [0, size) into blocks of at most `grain` and runs body(begin, end) on each.
void parallel_ranges(std::int64_t size, std::int64_t grain,
                     FunctionRef<void(std::int64_t begin, std::int64_t end)> body);

}  // namespace kindling
#pragma GCC visibility pop
