// Memory from oneTBB's scalable allocator, which keeps what is freed for the next request.
#pragma once

#include <cstdint>

namespace kindling::kernels {

// 64-byte aligned, at least `bytes` long, not filled. Fails if there is no memory:
//   conv1d: out of memory for what it keeps while it runs, 4398046511104 bytes
void* allocate(std::int64_t bytes, const char* who);
void release(void* memory);

}  // namespace kindling::kernels
