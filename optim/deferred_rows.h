// DeferredRows: steps of an optimizer over a table of which each step's gradient touches some rows.
//
// The dense update moves every row at every step: moments decay, and what is left of them moves the
// weight. Here a row that has no gradient waits. Before anybody sees it, it takes the steps it has
// missed, one after the other, as the dense update would have: the same operations on the same
// numbers, so the same bits. What is saved is memory: those steps run in the cache, and rows that
// nobody ever touched take none where their slots' first values leave a weight where it is.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include <kindling/autograd/gradient.h>
#include <kindling/optim/optimizer.h>
#include <kindling/tensor/storage.h>

#pragma GCC visibility push(default)
namespace kindling {

class DeferredRows : public Deferred {
 public:
  static constexpr std::size_t most_slots = 8;

  // weight (rows, ...) and its slots, in the same shape; `resting`: the first slot is
  // `initial`, the others are 0.
  DeferredRows(const Tensor& weight, const Tensors& slots, bool resting, double initial);

  // One step. The gradient's rows are added up in the order they come, as Gradient::dense() does.
  // Lazy: it is none for the other rows. Without a gradient it is one for all.
  void step(const std::vector<Rows>& gradient, const Update& update, bool lazy);
  // The slots have been changed from outside, for all rows.
  void wake_all();
  // No step will follow: once those that wait are taken, the slots are given up.
  void let_go();
  const Tensors& slots() const { return slots_; }

  void settle() override;
  void settle_rows(std::span<const std::int32_t> rows, std::int64_t count) override;

 private:
  // The rows that a step's gradient touches, and for each its parts.
  struct Touched {
    std::vector<std::int64_t> rows;
    std::vector<std::size_t> first;  // of the parts of rows[i], up to first[i + 1]
    std::vector<const float*> parts;
  };
  bool waiting();
  template <class Body>
  void locked(Body body);
  // These run while the lock is held.
  void take_step(const std::vector<Rows>& gradient, const Update& update, bool lazy);
  void collect(const std::vector<Rows>& gradient);
  void settle_all();
  void give_up_slots();
  void settle_some(std::span<const std::int32_t> rows);
  std::int64_t steps() const { return first_ + std::ssize(updates_); }
  // Steps [from, to) of a row, without a gradient.
  void replay(std::int64_t row, std::int64_t from, std::int64_t to) const;
  struct Row {
    float* weight;
    std::array<float*, most_slots> slots;
  };
  Row at(std::int64_t row) const;
  void prefetch(std::int64_t row) const;

  std::mutex mutex_;
  float* weight_;
  Tensors slots_;
  std::vector<float*> slot_data_;
  std::int64_t rows_, width_;
  std::vector<float> zeros_;        // the gradient of a row that has none
  std::vector<Update> updates_;     // the steps that some rows have still to take,
  std::int64_t first_ = 0;          // from this one on
  std::vector<std::int64_t> done_;  // steps each row has taken
  std::vector<char> resting_;       // rows whose slots are as they were at first,
  float initial_;                   // this number
  bool moves_at_rest_ = false;      // these must take steps all the same: weight decay
  bool let_go_ = false;
  Touched touched_;
  std::vector<std::int64_t> place_;  // a row's index in touched_.rows, where that row says so
};

}  // namespace kindling
#pragma GCC visibility pop
