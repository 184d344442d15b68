#include <kindling/tensor/kernels/reduce.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include <kindling/tensor/kernels/ranges.h>
#include <kindling/tensor/kernels/targets.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kindling/tensor/kernels/reduce.cpp"
#include <hwy/foreach_target.h>  // compiles this file once more for each instruction set

#include <hwy/highway.h>

#include <kindling/tensor/kernels/row_reduce-inl.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

using Size = std::int64_t;

// Columns that reduce_columns takes at once: few enough to stay in the nearest cache.
constexpr Size most_columns = 512;

// total[c] = x[c] joined with x[c + step], x[c + 2 step] ... over `rows` rows. As in reduce_row,
// floats over a hundred rows and doubles beyond.
template <class Op>
HWY_INLINE void reduce_columns(const float* x, Size rows, Size columns, Size step,
                               double* total) {
  const Floats d;
  HWY_ALIGN float sums[most_columns + 64];  // whole vectors, also past the last column
  std::fill_n(total, columns, double{Op::none});
  for (Size first = 0; first < rows; first += 128) {
    const Size last = std::min(rows, first + 128);
    std::fill_n(sums, columns + lanes_of(d), Op::none);
    Size row = first;
    for (; row + 4 <= last; row += 4) {
      const float* const p = x + row * step;
      for_vectors(d, columns, [=, &sums](auto lanes, Size c) HWY_ATTR {
        const auto a = Op::join(d, lanes.load(d, p + c), lanes.load(d, p + step + c));
        const auto b =
            Op::join(d, lanes.load(d, p + 2 * step + c), lanes.load(d, p + 3 * step + c));
        hn::StoreU(Op::join(d, hn::LoadU(d, sums + c), Op::join(d, a, b)), d, sums + c);
      });
    }
    for (; row < last; ++row) {
      const float* const p = x + row * step;
      for_vectors(d, columns, [=, &sums](auto lanes, Size c) HWY_ATTR {
        const auto sum = Op::join(d, hn::LoadU(d, sums + c), lanes.load(d, p + c));
        hn::StoreU(sum, d, sums + c);
      });
    }
    for (Size c = 0; c < columns; ++c) {
      total[c] = Op::join(total[c], static_cast<double>(sums[c]));
    }
  }
}

// The same for a few columns with nothing between the rows: several rows side by side make a
// row that vectors are worth using for; its columns are joined at the end.
template <class Op>
HWY_INLINE void reduce_narrow(const float* x, Size rows, Size columns, double* total) {
  double wide[most_columns];
  const Size together = most_columns / 2 / columns;
  const Size width = together * columns;
  reduce_columns<Op>(x, rows / together, width, width, wide);
  std::copy_n(wide, columns, total);
  for (Size c = columns; c < width; ++c) {
    total[c % columns] = Op::join(total[c % columns], wide[c]);
  }
  for (Size i = rows / together * width; i < rows * columns; ++i) {
    total[i % columns] = Op::join(total[i % columns], static_cast<double>(x[i]));
  }
}

template <class Op>
HWY_INLINE void reduce_piece(const float* x, Size rows, Size columns, Size step, double* total) {
  if (columns == 1 && step == 1) {
    total[0] = reduce_row<Op>(rows, [=](auto lanes, Size i) HWY_ATTR {
      return lanes.load(Floats(), x + i);
    });
  } else if (columns == step && columns <= most_columns / 8 && rows * columns >= most_columns) {
    reduce_narrow<Op>(x, rows, columns, total);
  } else {
    reduce_columns<Op>(x, rows, columns, step, total);
  }
}

void sum_piece(const float* x, Size rows, Size columns, Size step, double* total) {
  reduce_piece<Sum>(x, rows, columns, step, total);
}
void max_piece(const float* x, Size rows, Size columns, Size step, double* total) {
  reduce_piece<Max>(x, rows, columns, step, total);
}
void min_piece(const float* x, Size rows, Size columns, Size step, double* total) {
  reduce_piece<Min>(x, rows, columns, step, total);
}

double dot(const float* a, const float* b, Size n) {
  const Floats d;
  return reduce_row<Sum>(n, [=](auto lanes, Size i) HWY_ATTR {
    return hn::Mul(lanes.load(d, a + i), lanes.load(d, b + i));
  });
}

// In double throughout: squares of what float holds needn't be floats.
double squares_piece(const float* x, Size n) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> narrow;
  auto a = hn::Zero(d), b = a;
  const Size step = lanes_of(d);
  Size i = 0;
  for (; i + 2 * step <= n; i += 2 * step) {
    const auto va = hn::PromoteTo(d, hn::LoadU(narrow, x + i));
    const auto vb = hn::PromoteTo(d, hn::LoadU(narrow, x + i + step));
    a = hn::MulAdd(va, va, a);
    b = hn::MulAdd(vb, vb, b);
  }
  double total = hn::GetLane(hn::SumOfLanes(d, hn::Add(a, b)));
  for (; i < n; ++i) total += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return total;
}

}  // namespace
}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kindling::kernels {
namespace {

using HWY_NAMESPACE::most_columns;
constexpr std::int64_t elements_per_piece = 65536;

std::int64_t pieces_of(std::int64_t size, std::int64_t piece) {
  return std::max<std::int64_t>(1, quotient_up(size, piece));
}

// Cuts each (n, inner) matrix into pieces of some rows and some columns, which depend on n and
// inner alone; piece(x, rows, columns, step, total) reduces one, and totals of pieces one below
// the other are joined from the top.
template <class Op, class Piece>
void reduce(Piece* piece, const float* x, std::int64_t outer, std::int64_t n, std::int64_t inner,
            float* y) {
  if (outer * inner == 0) return;
  const std::int64_t across = pieces_of(inner, most_columns);
  const std::int64_t columns = pieces_of(inner, across);  // each: about as many
  const std::int64_t rows = elements_per_piece / columns;
  const std::int64_t down = pieces_of(n, rows);
  std::vector<double> totals(static_cast<std::size_t>(down > 1 ? outer * down * inner : 0));

  // At least 1, because sums of nothing are to be written, too.
  const std::int64_t cost = std::max<std::int64_t>(1, std::min(n, rows) * columns);
  for_rows(outer * down * across, cost, [&](std::int64_t begin, std::int64_t end) {
    double total[most_columns];
    for (std::int64_t i = begin; i < end; ++i) {
      std::int64_t o = i, r = 0, c = 0;
      if (down > 1 || across > 1) {  // else spared the divisions: many small matrices
        o = i / across / down;
        r = i / across % down * rows;
        c = i % across * columns;
      }
      const std::int64_t width = std::min(columns, inner - c);
      double* const to = down > 1 ? totals.data() + i / across * inner + c : total;
      piece(x + (o * n + r) * inner + c, std::min(rows, n - r), width, inner, to);
      if (down > 1) continue;
      for (std::int64_t k = 0; k < width; ++k) y[o * inner + c + k] = static_cast<float>(to[k]);
    }
  });
  if (down == 1) return;
  for_rows(outer * inner, down, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin; k < end; ++k) {
      const double* const from = totals.data() + k / inner * down * inner + k % inner;
      double total = from[0];
      for (std::int64_t r = 1; r < down; ++r) total = Op::join(total, from[r * inner]);
      y[k] = static_cast<float>(total);
    }
  });
}

}  // namespace

HWY_EXPORT(sum_piece);
HWY_EXPORT(max_piece);
HWY_EXPORT(min_piece);
HWY_EXPORT(squares_piece);
HWY_EXPORT(dot);

void sum(const float* x, std::int64_t outer, std::int64_t n, std::int64_t inner, float* y) {
  reduce<HWY_NAMESPACE::Sum>(HWY_DYNAMIC_DISPATCH(sum_piece), x, outer, n, inner, y);
}
void max(const float* x, std::int64_t outer, std::int64_t n, std::int64_t inner, float* y) {
  reduce<HWY_NAMESPACE::Max>(HWY_DYNAMIC_DISPATCH(max_piece), x, outer, n, inner, y);
}
void min(const float* x, std::int64_t outer, std::int64_t n, std::int64_t inner, float* y) {
  reduce<HWY_NAMESPACE::Min>(HWY_DYNAMIC_DISPATCH(min_piece), x, outer, n, inner, y);
}

// The first element that equals the largest, from a second look at the numbers.
void argmax(const float* x, std::int64_t outer, std::int64_t n, std::int64_t inner,
            std::int32_t* y) {
  std::vector<float> largest(static_cast<std::size_t>(outer * inner));
  max(x, outer, n, inner, largest.data());
  for_rows(outer * inner, n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float* const from = x + i / inner * n * inner + i % inner;
      const float best = largest[static_cast<std::size_t>(i)];
      const auto found = [best](float v) { return v == best || (v != v && best != best); };
      std::int32_t k = 0;
      while (!found(from[k * inner])) ++k;
      y[i] = k;
    }
  });
}

double dot(const float* a, const float* b, std::int64_t n) {
  return HWY_DYNAMIC_DISPATCH(dot)(a, b, n);
}

double sum_of_squares(const float* x, std::int64_t rows, std::int64_t width) {
  std::vector<double> totals(static_cast<std::size_t>(rows));
  for_rows(rows, width, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      totals[static_cast<std::size_t>(row)] =
          HWY_DYNAMIC_DISPATCH(squares_piece)(x + row * width, width);
    }
  });
  return std::accumulate(totals.begin(), totals.end(), 0.0);
}

}  // namespace kindling::kernels
#endif
