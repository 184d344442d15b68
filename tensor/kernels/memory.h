// Memory from oneTBB's scalable allocator, which keeps what is freed for the next request.
#pragma once

#include <cstdint>

namespace kindling::kernels {

// 64-byte aligned, at least `bytes` long, not filled. Fails if there is no memory.
void* allocate(std::int64_t bytes);
void release(void* memory);

}  // namespace kindling::kernels
