#include <kindling/tensor/kernels/memory.h>

#include <oneapi/tbb/scalable_allocator.h>

#include <algorithm>
#include <cstdlib>

#include <kindling/tensor/fail.h>

namespace kindling::kernels {
namespace {

constexpr std::size_t alignment = 64;  // a cache line, and the widest vector

// A caching allocator hides overruns from the address sanitizer, and that memory changes hands from
// the thread sanitizer; under them, memory is malloc's.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool sanitized = false;
#endif

// The sanitizers end the program where more is asked for than they think possible.
constexpr std::size_t most_sanitized = std::size_t{1} << 38;

}  // namespace

void* allocate(std::int64_t bytes, const char* who) {
  const auto size = static_cast<std::size_t>(std::max<std::int64_t>(bytes, 1));
  void* memory = nullptr;
  if constexpr (sanitized) {
    if (size <= most_sanitized) {
      memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    }
  } else {
    memory = scalable_aligned_malloc(size, alignment);
  }
  if (memory == nullptr) {
    fail("{}: out of memory for what it keeps while it runs, {} bytes", who, bytes);
  }
  return memory;
}

void release(void* memory) {
  if constexpr (sanitized) {
    std::free(memory);
  } else {
    scalable_aligned_free(memory);
  }
}

}  // namespace kindling::kernels
