#include <kindling/tensor/kernels/gemm.h>

#include <cblas.h>

#include <algorithm>
#include <limits>

#include <kindling/tensor/fail.h>
#include <kindling/tensor/kernels/ranges.h>
#include <kindling/tensor/threads.h>

namespace kindling::kernels {
namespace {

using std::int64_t;

// BLAS counts in int.
int blas_int(int64_t size) {
  if (size > std::numeric_limits<int>::max()) {
    fail("gemm: a size or step must be below 2^31, got {}", size);
  }
  return static_cast<int>(size);
}

CBLAS_TRANSPOSE transposition(const Matrix& a, bool flip = false) {
  return a.transposed != flip ? CblasTrans : CblasNoTrans;
}

int64_t row_step(const Matrix& a) { return a.transposed ? 1 : a.step; }
int64_t column_step(const Matrix& a) { return a.transposed ? a.step : 1; }

// a without its first rows or columns.
Matrix from_row(const Matrix& a, int64_t row) {
  return {a.data + row * row_step(a), a.step, a.transposed};
}
Matrix from_column(const Matrix& a, int64_t column) {
  return {a.data + column * column_step(a), a.step, a.transposed};
}

// The distance of rows as BLAS checks it: at least their length, even where there is one row.
int blas_step(const Matrix& a, int64_t rows, int64_t columns) {
  return blas_int(std::max<int64_t>({1, a.step, a.transposed ? rows : columns}));
}

// y = a x + beta y for a (rows, columns), or with its transpose if `flip`: several times as fast
// as the product of matrices where one of them is a vector.
void gemv(int64_t rows, int64_t columns, const Matrix& a, bool flip, const float* x,
          int64_t x_step, float beta, float* y, int64_t y_step) {
  const int64_t stored_rows = a.transposed ? columns : rows;
  const int64_t stored_columns = a.transposed ? rows : columns;
  // A vector of one element may come with any step; BLAS wants a positive one.
  const auto step = [](int64_t s) { return blas_int(std::max<int64_t>(1, s)); };
  cblas_sgemv(CblasRowMajor, transposition(a, flip), blas_int(stored_rows),
              blas_int(stored_columns), 1.0f, a.data, blas_step(a, rows, columns), x,
              step(x_step), beta, y, step(y_step));
}

void scale_rows(int64_t m, int64_t n, float beta, float* c, int64_t c_step) {
  for (int64_t i = 0; i < m; ++i) {
    float* row = c + i * c_step;
    // Zero overwrites, so that it doesn't matter what was there.
    std::transform(row, row + n, row, [&](float x) { return beta == 0.0f ? 0.0f : beta * x; });
  }
}

struct Product {
  int64_t m, n, k;
  Matrix a, b;
  float beta;
  float* c;
  int64_t c_step;

  double work() const {
    return static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  }

  void run() const {
    if (m == 0 || n == 0) return;
    if (k == 0) return scale_rows(m, n, beta, c, c_step);
    if (n == 1) return gemv(m, k, a, false, b.data, row_step(b), beta, c, c_step);
    if (m == 1) return gemv(k, n, b, true, a.data, column_step(a), beta, c, 1);
    cblas_sgemm(CblasRowMajor, transposition(a), transposition(b), blas_int(m), blas_int(n),
                blas_int(k), 1.0f, a.data, blas_step(a, m, k), b.data, blas_step(b, k, n), beta,
                c, blas_int(std::max(c_step, n)));
  }
};

// OpenBLAS has threads of its own until our pool has started and told it to use one.
void start_pool() { threads(); }

// The blocks that a product's result is cut into, from its sizes alone.
struct Cut {
  // Multiply-adds that are worth another thread: some microseconds.
  static constexpr double least_work = 1 << 18;
  static constexpr int64_t enough_blocks = 8;
  // Below this OpenBLAS spends too much on packing what it reads.
  static constexpr int64_t least_side = 64, least_area = 64 * 64;

  int64_t rows = 256, columns = 512;

  Cut(const Product& p, int64_t count) {
    rows = std::min(rows, p.m);
    columns = std::min(columns, p.n);
    while (work(p) < least_work && columns < p.n) columns = std::min(2 * columns, p.n);
    while (work(p) < least_work && rows < p.m) rows = std::min(2 * rows, p.m);
    // A long k leaves few blocks; smaller ones use more threads.
    while (count * blocks(p) < enough_blocks && work(p) >= 2 * least_work &&
           std::max(rows, columns) > least_side && rows * columns > 2 * least_area) {
      int64_t& side = rows >= columns ? rows : columns;
      side = quotient_up(side, 2 * least_side) * least_side;
    }
  }

  double work(const Product& p) const {
    return static_cast<double>(rows) * static_cast<double>(columns) * static_cast<double>(p.k);
  }
  int64_t across(const Product& p) const { return quotient_up(p.n, columns); }
  int64_t blocks(const Product& p) const { return quotient_up(p.m, rows) * across(p); }

  Product block(const Product& p, int64_t index) const {
    const int64_t row = index / across(p) * rows;
    const int64_t column = index % across(p) * columns;
    return {std::min(rows, p.m - row),
            std::min(columns, p.n - column),
            p.k,
            from_row(p.a, row),
            from_column(p.b, column),
            p.beta,
            p.c + row * p.c_step + column,
            p.c_step};
  }
};

}  // namespace

void gemm(int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, float beta, float* c,
          int64_t c_step) {
  if (m == 0 || n == 0) return;
  const Product product{m, n, k, a, b, beta, c, c_step};
  const Cut cut(product, 1);
  start_pool();
  parallel_for(cut.blocks(product), [&](int64_t i) { cut.block(product, i).run(); });
}

void gemm_serial(int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, float beta, float* c,
                 int64_t c_step) {
  start_pool();
  Product{m, n, k, a, b, beta, c, c_step}.run();
}

void gemm_batch(int64_t count, int64_t m, int64_t n, int64_t k, Matrix a, int64_t a_stride,
                Matrix b, int64_t b_stride, float* c, int64_t c_stride) {
  if (count == 0 || m == 0 || n == 0) return;
  // Rows that follow each other and meet the same b are one matrix.
  if (b_stride == 0 && !a.transposed && a_stride == m * a.step && c_stride == m * n) {
    return gemm(count * m, n, k, a, b, 0.0f, c, n);
  }
  const auto item = [&](int64_t i) {
    return Product{m,    n, k, {a.data + i * a_stride, a.step, a.transposed},
                   {b.data + i * b_stride, b.step, b.transposed},
                   0.0f, c + i * c_stride, n};
  };
  const Cut cut(item(0), count);
  const int64_t blocks = cut.blocks(item(0));
  // Small products share a block.
  const int64_t together = worth_a_thread(cut.work(item(0)), Cut::least_work);
  start_pool();
  parallel_ranges(count * blocks, together, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const Product product = item(i / blocks);
      cut.block(product, i % blocks).run();
    }
  });
}

}  // namespace kindling::kernels
