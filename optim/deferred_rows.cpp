#include <kindling/optim/deferred_rows.h>

#include <algorithm>

#include <kindling/optim/adam_update.h>
#include <kindling/tensor/kernels/scratch.h>
#include <kindling/tensor/pool.h>
#include <kindling/tensor/threads.h>

namespace kindling {
namespace {

constexpr std::int64_t rows_a_block = 32;
// So many steps may wait; then all rows take them.
constexpr std::int64_t most_waiting = 1024;

// Whether a step changes a weight without gradient whose slots are as they were at first: tried on
// weights of any size, because an update may bound them, or pull them towards some number.
bool moves_at_rest(const Update& update, std::size_t slots, float initial) {
  constexpr std::array tried = {0.0f, 1e-9f, -0.37f, 1.0f, -2.0f, 30.0f, 1e6f};
  std::array weights = tried;
  const std::array<float, tried.size()> gradient = {};
  std::vector<float> first(slots * tried.size(), 0.0f);
  std::fill_n(first.begin(), slots > 0 ? tried.size() : 0, initial);
  std::vector<float> state = first;
  std::vector<float*> data;
  for (std::size_t i = 0; i < slots; ++i) data.push_back(&state[i * tried.size()]);
  update(weights.data(), data.data(), gradient.data(), std::ssize(tried));
  return weights != tried || state != first;
}

}  // namespace

DeferredRows::DeferredRows(const Tensor& weight, const Tensors& slots, bool resting,
                           double initial)
    : slots_(slots),
      rows_(weight.size(0)),
      width_(weight.shape().inner(0)),
      zeros_(static_cast<std::size_t>(width_), 0.0f),
      done_(static_cast<std::size_t>(rows_), 0),
      resting_(static_cast<std::size_t>(rows_), resting),
      initial_(static_cast<float>(initial)),
      place_(static_cast<std::size_t>(rows_), 0) {
  Tensor handle = weight;
  weight_ = handle.mutable_floats().data();
  for (Tensor& slot : slots_) slot_data_.push_back(slot.mutable_floats().data());
}

// Rows lie far apart: what comes next is fetched while another row is worked on.
void DeferredRows::prefetch(std::int64_t row) const {
  constexpr std::int64_t line = 16;
  const std::int64_t first = row * width_, last = first + std::min<std::int64_t>(width_, 256);
  for (std::int64_t i = first; i < last; i += line) {
    __builtin_prefetch(weight_ + i);
    for (float* slot : slot_data_) __builtin_prefetch(slot + i);
  }
}

DeferredRows::Row DeferredRows::at(std::int64_t row) const {
  Row found{weight_ + row * width_, {}};
  for (std::size_t i = 0; i < slot_data_.size(); ++i) {
    found.slots[i] = slot_data_[i] + row * width_;
  }
  return found;
}

void DeferredRows::replay(std::int64_t row, std::int64_t from, std::int64_t to) const {
  if (resting_[static_cast<std::size_t>(row)] != 0 && !moves_at_rest_) return;
  const Row r = at(row);
  auto missed = std::span(updates_).subspan(static_cast<std::size_t>(from - first_),
                                            static_cast<std::size_t>(to - from));
  missed = missed.subspan(take_at_rest(missed, r.weight, r.slots.data(), width_));
  for (const Update& update : missed) update(r.weight, r.slots.data(), zeros_.data(), width_);
}

void DeferredRows::collect(const std::vector<Rows>& gradient) {
  Touched& t = touched_;
  t.rows.clear();
  std::vector<std::size_t> counts;
  std::size_t total = 0;
  const auto place_of = [&](std::int32_t id) -> std::int64_t& {
    return place_[static_cast<std::size_t>(id)];
  };
  for (const Rows& part : gradient) {
    for (const std::int32_t id : part.ids.ints()) {
      const auto known = static_cast<std::size_t>(place_of(id));
      if (known < t.rows.size() && t.rows[known] == id) {
        ++counts[known];
      } else {
        place_of(id) = std::ssize(t.rows);
        t.rows.push_back(id);
        counts.push_back(1);
      }
      ++total;
    }
  }
  t.first.assign(1, 0);
  for (const std::size_t count : counts) t.first.push_back(t.first.back() + count);
  t.parts.resize(total);
  std::vector<std::size_t> next(t.first.begin(), t.first.end() - 1);
  for (const Rows& part : gradient) {
    const float* values = part.values.floats().data();
    for (const std::int32_t id : part.ids.ints()) {
      t.parts[next[static_cast<std::size_t>(place_of(id))]++] = values;
      values += width_;
    }
  }
}

template <class Body>
void DeferredRows::locked(Body body) {
  on_pool([&] {
    const std::scoped_lock lock(mutex_);
    body();
  });
}

void DeferredRows::step(const std::vector<Rows>& gradient, const Update& update, bool lazy) {
  locked([&] { take_step(gradient, update, lazy); });
}

void DeferredRows::wake_all() {
  locked([&] {
    settle_all();
    std::ranges::fill(resting_, char{0});
  });
}

void DeferredRows::let_go() {
  const std::scoped_lock lock(mutex_);
  let_go_ = true;
  give_up_slots();
}

void DeferredRows::give_up_slots() {
  if (!let_go_ || !updates_.empty()) return;
  slot_data_.clear();
  slots_.clear();
}

// Most looks find nothing to do, and needn't go to the pool for it.
bool DeferredRows::waiting() {
  const std::scoped_lock lock(mutex_);
  return !updates_.empty();
}

void DeferredRows::settle() {
  if (waiting()) locked([&] { settle_all(); });
}

void DeferredRows::settle_rows(std::span<const std::int32_t> rows, std::int64_t count) {
  if (!waiting()) return;
  locked([&] {
    // Seen in another shape, its rows are none of ours; let go, it is to be done with.
    if (count == rows_ && !let_go_) {
      settle_some(rows);
    } else {
      settle_all();
    }
  });
}

void DeferredRows::take_step(const std::vector<Rows>& gradient, const Update& update, bool lazy) {
  collect(gradient);
  const std::int64_t before = steps();
  if (!lazy) {
    moves_at_rest_ = moves_at_rest_ || moves_at_rest(update, slots_.size(), initial_);
    updates_.push_back(update);
  }
  parallel_ranges(std::ssize(touched_.rows), rows_a_block, [&](std::int64_t begin,
                                                               std::int64_t end) {
    kernels::Scratch sum(width_, "optimizer");
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      const std::int64_t row = touched_.rows[i];
      const auto r = static_cast<std::size_t>(row);
      if (i + 1 < static_cast<std::size_t>(end)) prefetch(touched_.rows[i + 1]);
      replay(row, done_[r], before);
      std::fill_n(sum.data(), width_, 0.0f);
      for (std::size_t part = touched_.first[i]; part < touched_.first[i + 1]; ++part) {
        const float* values = touched_.parts[part];
        for (std::int64_t d = 0; d < width_; ++d) sum.data()[d] += values[d];
      }
      const Row to = at(row);
      update(to.weight, to.slots.data(), sum.data(), width_);
      done_[r] = steps();
      resting_[r] = 0;
    }
  });
  if (std::ssize(updates_) >= most_waiting) settle_all();
}

void DeferredRows::settle_all() {
  if (updates_.empty()) return;
  const std::int64_t now = steps();
  parallel_ranges(rows_, rows_a_block, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      std::int64_t& done = done_[static_cast<std::size_t>(row)];
      replay(row, done, now);
      done = now;
    }
  });
  updates_.clear();
  first_ = now;
  give_up_slots();
}

void DeferredRows::settle_some(std::span<const std::int32_t> rows) {
  if (updates_.empty()) return;
  struct Behind {
    std::int64_t row, from;
  };
  std::vector<Behind> behind;
  const std::int64_t now = steps();
  for (const std::int32_t row : rows) {
    std::int64_t& done = done_[static_cast<std::size_t>(row)];
    if (done != now) behind.push_back({row, done});
    done = now;
  }
  parallel_ranges(std::ssize(behind), rows_a_block, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      if (i + 1 < end) prefetch(behind[static_cast<std::size_t>(i) + 1].row);
      const Behind& b = behind[static_cast<std::size_t>(i)];
      replay(b.row, b.from, now);
    }
  });
}

}  // namespace kindling
