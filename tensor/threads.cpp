#include <kindling/tensor/threads.h>

#include <cblas.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <optional>

#include <kindling/tensor/fail.h>
#include <kindling/tensor/pool.h>

#ifdef KINDLING_TSAN
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace kindling {
namespace {

namespace tbb = oneapi::tbb;

// oneTBB isn't instrumented, so the thread sanitizer doesn't see that it orders the start of a loop
// before its blocks and these before its end. This says so. (The build compiles this one file, and
// with it oneTBB's templates, without the sanitizer and defines KINDLING_TSAN.)
class Order {
 public:
  Order() { release(start_); }
  ~Order() { acquire(end_); }
  Order(const Order&) = delete;
  Order& operator=(const Order&) = delete;

  class Block {
   public:
    explicit Block(Order& order) : order_(order) { acquire(order.start_); }
    ~Block() { release(order_.end_); }
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;

   private:
    Order& order_;
  };

 private:
  static void release([[maybe_unused]] char& at) {
#ifdef KINDLING_TSAN
    __tsan_release(&at);
#endif
  }
  static void acquire([[maybe_unused]] char& at) {
#ifdef KINDLING_TSAN
    __tsan_acquire(&at);
#endif
  }

  char start_ = 0, end_ = 0;
};

// OpenBLAS has a pool of its own; ours is the only one, so it runs one thread inside each block.
int machine_threads() {
  openblas_set_num_threads(1);
  return std::clamp(tbb::info::default_concurrency(), 1, most_threads);
}

struct Pool {
  int count = machine_threads();
  tbb::task_arena arena{count};
  // More threads than the machine has are there for tests; oneTBB must be told.
  std::optional<tbb::global_control> more;
};

Pool& pool() {
  static Pool instance;
  return instance;
}

thread_local bool inside_block = false;

struct Inside {
  Inside() { inside_block = true; }
  ~Inside() { inside_block = false; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
};

}  // namespace

int threads() { return pool().count; }

void set_threads(int count) {
  if (count < 1) fail("set_threads: at least one thread is needed, got {}", count);
  if (count > most_threads) {
    fail("set_threads: OpenBLAS has memory for {} threads, got {}", most_threads, count);
  }
  Pool& p = pool();
  if (count == p.count) return;
  p.count = count;
  p.arena.terminate();
  p.more.reset();
  if (count > tbb::info::default_concurrency()) {
    p.more.emplace(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(count));
  }
  p.arena.initialize(count);
}

void parallel_for(std::int64_t blocks, FunctionRef<void(std::int64_t)> body) {
  Pool& p = pool();
  if (blocks <= 1 || p.count == 1 || inside_block) {
    for (std::int64_t b = 0; b < blocks; ++b) body(b);
    return;
  }
  Order order;
  const auto loop = [&] {
    tbb::parallel_for(
        tbb::blocked_range<std::int64_t>(0, blocks, 1),
        [&](const tbb::blocked_range<std::int64_t>& range) {
          const Order::Block block(order);
          const Inside inside;
          for (std::int64_t b = range.begin(); b != range.end(); ++b) body(b);
        },
        tbb::simple_partitioner());
  };
  // Isolated: while it waits for its last blocks, this thread, which may hold a lock that another
  // thread's loop wants (tensor/pool.h), doesn't begin blocks of that one.
  p.arena.execute([&] { tbb::this_task_arena::isolate(loop); });
}

void on_pool(FunctionRef<void()> body) {
  Pool& p = pool();
  if (p.count == 1 || inside_block) return body();
  Order order;
  p.arena.execute([&] {
    const Order::Block block(order);
    body();
  });
}

void parallel_ranges(std::int64_t size, std::int64_t grain,
                     FunctionRef<void(std::int64_t, std::int64_t)> body) {
  const std::int64_t blocks = (size + grain - 1) / grain;
  parallel_for(blocks, [&](std::int64_t b) {
    body(b * grain, std::min(size, (b + 1) * grain));
  });
}

}  // namespace kindling
