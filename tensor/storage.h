// Storage: the memory that tensors share, its version, and the changes to it that wait until
// somebody reads it.
//
// Time is counted in recorded operations. A storage's version is the time of the last write to it,
// so backward can tell whether what an operation reads is still what its forward pass saw: nothing
// has to say which numbers it keeps.
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

namespace detail {

inline std::atomic<std::uint64_t> recorded_operations = 0;
inline std::uint64_t now() { return recorded_operations.load(std::memory_order_relaxed); }

// While one lives, this thread reads on behalf of an operation that was recorded at a time: reading
// memory that was there then and has been written to since throws.
class ReadAsOf {
 public:
  ReadAsOf(std::uint64_t time, const char* operation);
  ~ReadAsOf();
  ReadAsOf(const ReadAsOf&) = delete;
  ReadAsOf& operator=(const ReadAsOf&) = delete;
  static const ReadAsOf* current() { return current_; }

  const std::uint64_t time;
  const char* const operation;

 private:
  static constinit thread_local const ReadAsOf* current_;
  const ReadAsOf* const before_;
};

}  // namespace detail

struct Storage {
  std::shared_ptr<Deferred> deferred = {};  // null for almost all

  explicit Storage(std::int64_t bytes);  // not filled
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  // The memory, up to date, to read or to write; writes made later through the same pointer don't
  // count as new ones.
  const void* read() {
    if (deferred) deferred->settle();
    return data_;
  }
  void* write() {
    count_write();
    if (deferred) deferred->settle();
    return data_;
  }
  // Up to date as far as these rows of `count` go.
  const void* read_rows(std::span<const std::int32_t> rows, std::int64_t count) {
    if (deferred) deferred->settle_rows(rows, count);
    return data_;
  }

  std::uint64_t created() const { return created_; }
  std::uint64_t version() const { return version_.load(std::memory_order_relaxed); }
  // Of a writer that doesn't go through write().
  void count_write() { version_.store(detail::now(), std::memory_order_relaxed); }

 private:
  void* data_;
  const std::uint64_t created_ = detail::now();
  std::atomic<std::uint64_t> version_ = created_;
};

}  // namespace kindling
#pragma GCC visibility pop
