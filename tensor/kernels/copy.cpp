#include <kindling/tensor/kernels/copy.h>

#include <algorithm>

#include <kindling/tensor/kernels/ranges.h>

namespace kindling::kernels {
namespace {

// Calls run(contiguous offset, strided offset) for each row (run along the last axis) of rows
// [begin, end).
template <class Run>
void for_runs(int rank, const std::int64_t* size, const std::int64_t* step, std::int64_t begin,
              std::int64_t end, Run run) {
  const std::int64_t width = rank > 0 ? size[rank - 1] : 1;
  for (std::int64_t row = begin; row < end; ++row) {
    std::int64_t rest = row, offset = 0;
    for (int axis = rank - 2; axis >= 0; --axis) {
      offset += rest % size[axis] * step[axis];
      rest /= size[axis];
    }
    run(row * width, offset);
  }
}

std::int64_t rows_of(int rank, const std::int64_t* size) {
  std::int64_t rows = 1;
  for (int axis = 0; axis < rank - 1; ++axis) rows *= size[axis];
  return rows;
}

}  // namespace

template <class T>
void gather_strided(int rank, const std::int64_t* size, const std::int64_t* step, const T* x,
                    T* y) {
  const std::int64_t width = rank > 0 ? size[rank - 1] : 1;
  const std::int64_t along = rank > 0 ? step[rank - 1] : 1;
  for_rows(rows_of(rank, size), width, [&](std::int64_t begin, std::int64_t end) {
    for_runs(rank, size, step, begin, end, [&](std::int64_t to, std::int64_t from) {
      if (along == 1) {
        std::copy_n(x + from, width, y + to);
      } else {
        for (std::int64_t i = 0; i < width; ++i) y[to + i] = x[from + i * along];
      }
    });
  });
}

template void gather_strided(int, const std::int64_t*, const std::int64_t*, const float*, float*);
template void gather_strided(int, const std::int64_t*, const std::int64_t*, const std::int32_t*,
                             std::int32_t*);
template void gather_strided(int, const std::int64_t*, const std::int64_t*, const bool*, bool*);

void scatter_strided(int rank, const std::int64_t* size, const std::int64_t* step, const float* x,
                     float* y) {
  const std::int64_t width = rank > 0 ? size[rank - 1] : 1;
  const std::int64_t along = rank > 0 ? step[rank - 1] : 1;
  if (width == 0) return;
  for_runs(rank, size, step, 0, rows_of(rank, size), [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t i = 0; i < width; ++i) y[to + i * along] = x[from + i];
  });
}

void gather_rows(const float* table, const std::int32_t* ids, std::int64_t n, std::int64_t width,
                 float* y) {
  // Rows lie far apart in a large table: one that comes soon is fetched meanwhile, its first
  // kilobyte, after which the processor goes on by itself. (A few percent of a prediction.)
  constexpr std::int64_t ahead = 4, fetched = 256, line = 16;
  for_rows(n, width, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      for (std::int64_t k = 0; i + ahead < end && k < std::min(width, fetched); k += line) {
        __builtin_prefetch(table + ids[i + ahead] * width + k);
      }
      std::copy_n(table + ids[i] * width, width, y + i * width);
    }
  });
}

void add_rows(const float* x, const std::int32_t* ids, std::int64_t n, std::int64_t width,
              float* table) {
  for (std::int64_t i = 0; i < n; ++i) {
    float* row = table + ids[i] * width;
    for (std::int64_t k = 0; k < width; ++k) row[k] += x[i * width + k];
  }
}

}  // namespace kindling::kernels
