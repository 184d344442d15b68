// The rows, along the last axis, of a walk over two operands of different shapes.
#pragma once

#include <algorithm>
#include <cstdint>

#include <kindling/tensor/kernels/elementwise.h>

namespace kindling::kernels {

// Elements [begin, end) of the walk's result, a row (or what lies inside) at a time:
//   for (BroadcastRows r(walk, begin, end); r.n > 0; r.next()) ... r.c, r.a, r.b, r.n ...
class BroadcastRows {
 public:
  std::int64_t c;      // the row's first element in the result,
  std::int64_t a, b;   // and in the operands
  std::int64_t n;      // its elements
  std::int64_t a_step, b_step;

  BroadcastRows(const Broadcast& walk, std::int64_t begin, std::int64_t end)
      : c(begin), walk_(walk), last_(std::max(walk.rank - 1, 0)), end_(end) {
    width_ = walk.rank > 0 ? walk.size[last_] : 1;
    a_step = walk.a_step[last_];
    b_step = walk.b_step[last_];
    n = end - begin;
    if (n == 0) return;
    const std::int64_t column = begin % width_;
    std::int64_t row = begin / width_;
    for (int axis = last_ - 1; axis >= 0; --axis) {
      at_[axis] = row % walk.size[axis];
      row /= walk.size[axis];
      row_a_ += at_[axis] * walk.a_step[axis];
      row_b_ += at_[axis] * walk.b_step[axis];
    }
    a = row_a_ + column * a_step;
    b = row_b_ + column * b_step;
    n = std::min(width_ - column, end - begin);
  }

  void next() {
    c += n;
    n = std::min(width_, end_ - c);
    for (int axis = last_ - 1; axis >= 0; --axis) {
      row_a_ += walk_.a_step[axis];
      row_b_ += walk_.b_step[axis];
      if (++at_[axis] < walk_.size[axis]) break;
      at_[axis] = 0;
      row_a_ -= walk_.size[axis] * walk_.a_step[axis];
      row_b_ -= walk_.size[axis] * walk_.b_step[axis];
    }
    a = row_a_;
    b = row_b_;
  }

 private:
  const Broadcast& walk_;
  int last_;
  std::int64_t end_, width_;
  std::int64_t row_a_ = 0, row_b_ = 0;
  std::int64_t at_[6] = {};
};

}  // namespace kindling::kernels
