// Storage: the memory that tensors share, and the changes to it that wait until somebody reads it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#pragma GCC visibility push(default)
namespace kindling {

// Changes that have been put off. They are made good before anyone sees the memory: all of it, or
// only the rows that are going to be looked at.
class Deferred {
 public:
  virtual ~Deferred() = default;
  virtual void settle() = 0;
  virtual void settle_rows(std::span<const std::int32_t> rows) = 0;
};

struct Storage {
  std::shared_ptr<Deferred> deferred = {};  // null for almost all

  explicit Storage(std::int64_t bytes);  // not filled
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  // The memory, up to date; the second form, as far as these rows go.
  void* settled() {
    if (deferred) deferred->settle();
    return data_;
  }
  const void* settled(std::span<const std::int32_t> rows) {
    if (deferred) deferred->settle_rows(rows);
    return data_;
  }

 private:
  void* data_;
};

}  // namespace kindling
#pragma GCC visibility pop
