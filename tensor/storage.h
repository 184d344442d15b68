// Storage: the memory that tensors share, and the changes to it that wait until somebody reads it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#pragma GCC visibility push(default)
namespace kindling {

// Changes that have been put off. They are made good before anyone sees the memory: all of it, or
// only the rows that are going to be looked at, of the `count` that the looker takes it for.
class Deferred {
 public:
  virtual ~Deferred() = default;
  virtual void settle() = 0;
  virtual void settle_rows(std::span<const std::int32_t> rows, std::int64_t count) = 0;
};

struct Storage {
  std::shared_ptr<Deferred> deferred = {};  // null for almost all

  explicit Storage(std::int64_t bytes);  // not filled
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  // The memory, up to date; the second form, as far as these rows of `count` go.
  void* settled() {
    if (deferred) deferred->settle();
    return data_;
  }
  const void* settled(std::span<const std::int32_t> rows, std::int64_t count) {
    if (deferred) deferred->settle_rows(rows, count);
    return data_;
  }

  // How often an optimizer has moved the numbers, so that who kept a handle can tell.
  std::uint64_t moves() const { return moves_.load(std::memory_order_relaxed); }
  void count_move() { moves_.fetch_add(1, std::memory_order_relaxed); }

 private:
  void* data_;
  std::atomic<std::uint64_t> moves_ = 0;
};

}  // namespace kindling
#pragma GCC visibility pop
