#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include <kindling/tensor/pool.h>

#include "tests/tensors.h"

using namespace kindling;

TEST_CASE("Every block runs once, whatever the number of threads") {
  for (const int count : {1, 2, 3, 8}) {
    const ThreadsScope scope(count);
    CHECK(threads() == count);
    for (const std::int64_t blocks : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(blocks));
      parallel_for(blocks, [&](std::int64_t b) { ++runs[static_cast<std::size_t>(b)]; });
      CAPTURE(count, blocks);
      CHECK(std::ranges::all_of(runs, [](const std::atomic<int>& n) { return n == 1; }));
    }
  }
}

TEST_CASE("No more threads work than are allowed") {
  const ThreadsScope scope(3);
  std::atomic<int> inside{0}, most{0};
  parallel_for(30, [&](std::int64_t) {
    const int now = ++inside;
    int seen = most;
    while (now > seen && !most.compare_exchange_weak(seen, now)) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --inside;
  });
  CHECK(most >= 1);
  CHECK(most <= 3);
}

TEST_CASE("A nested loop runs on the thread that makes it") {
  const ThreadsScope scope(4);
  std::atomic<int> strangers{0}, runs{0};
  parallel_for(4, [&](std::int64_t block) {
    if (block != 0) return;  // the other threads are free to take part, and must not
    const std::thread::id here = std::this_thread::get_id();
    parallel_for(32, [&](std::int64_t) {
      ++runs;
      if (std::this_thread::get_id() != here) ++strangers;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
  });
  CHECK(runs == 32);
  CHECK(strangers == 0);
}

TEST_CASE("Loops made by several threads at once don't disturb each other") {
  const ThreadsScope scope(3);
  std::vector<std::int64_t> sums(4);
  std::vector<std::thread> callers;
  for (std::size_t c = 0; c < sums.size(); ++c) {
    callers.emplace_back([&sums, c] {
      for (int round = 0; round < 50; ++round) {
        std::atomic<std::int64_t> sum{0};
        parallel_for(100, [&](std::int64_t b) { sum += b; });
        sums[c] += sum;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(sums == std::vector<std::int64_t>(4, 50 * 4950));
}

TEST_CASE("Ranges cover everything once, in blocks whose bounds depend on sizes alone") {
  using Blocks = std::set<std::pair<std::int64_t, std::int64_t>>;
  for (const int count : {1, 3}) {
    const ThreadsScope scope(count);
    std::mutex mutex;
    const auto blocks = [&](std::int64_t size, std::int64_t grain) {
      Blocks seen;
      parallel_ranges(size, grain, [&](std::int64_t begin, std::int64_t end) {
        const std::scoped_lock lock(mutex);
        seen.insert({begin, end});
      });
      return seen;
    };
    CHECK(blocks(0, 4).empty());
    CHECK(blocks(3, 4) == Blocks{{0, 3}});
    CHECK(blocks(8, 4) == Blocks{{0, 4}, {4, 8}});
    CHECK(blocks(9, 4) == Blocks{{0, 4}, {4, 8}, {8, 9}});
  }
}

TEST_CASE("What a block throws comes out of the loop, and the next loop works") {
  for (const int count : {1, 3}) {
    const ThreadsScope scope(count);
    const auto failing = [] {
      parallel_for(64, [](std::int64_t b) {
        if (b == 5) throw Error("block 5");
      });
    };
    CHECK(message_of(failing) == "block 5");
    std::atomic<int> runs{0};
    parallel_for(64, [&](std::int64_t) { parallel_for(2, [&](std::int64_t) { ++runs; }); });
    CHECK(runs == 128);
  }
}

TEST_CASE("On the pool, a body runs once, and what it throws comes out") {
  for (const int count : {1, 3}) {
    const ThreadsScope scope(count);
    int runs = 0;
    on_pool([&] { ++runs; });
    CHECK(runs == 1);
    CHECK(message_of([] { on_pool([] { throw Error("thrown"); }); }) == "thrown");
    std::atomic<int> inside{0};
    on_pool([&] { parallel_for(8, [&](std::int64_t) { on_pool([&] { ++inside; }); }); });
    CHECK(inside == 8);
  }
}

TEST_CASE("On the pool, who wants a lock that a loop's blocks want gets it") {
  const ThreadsScope scope(2);
  std::mutex mutex;
  std::int64_t sum = 0;  // guarded by the lock
  const auto add = [&] {
    on_pool([&] {
      const std::scoped_lock lock(mutex);
      std::atomic<std::int64_t> own{0};
      parallel_for(4, [&](std::int64_t b) { own += b; });
      sum += own;
    });
  };
  std::thread beside([&] {
    for (int i = 0; i < 200; ++i) parallel_for(8, [&](std::int64_t) { add(); });
  });
  for (int i = 0; i < 200; ++i) add();
  beside.join();
  CHECK(sum == 200 * (8 + 1) * 6);
}

TEST_CASE("At least one thread is needed") {
  const int before = threads();
  CHECK(before >= 1);
  CHECK(message_of([] { set_threads(0); }) == "set_threads: at least one thread is needed, got 0");
  CHECK(message_of([] { set_threads(-2); }) ==
        "set_threads: at least one thread is needed, got -2");
  CHECK(message_of([] { set_threads(129); }) ==
        "set_threads: OpenBLAS has memory for 128 threads, got 129");
  CHECK(threads() == before);
}
