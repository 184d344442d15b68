#include <kindling/tensor/kernels/gemm.h>

#include <algorithm>

#include "tests/kernels/oracle.h"
#include "tests/kernels/samples.h"

using namespace kindling::kernels;
using std::int64_t;

namespace {

// A random matrix in memory: rows longer than they need to be, transposed or not.
struct Operand {
  int64_t rows, columns;
  bool transposed;
  int64_t step;
  Floats data;

  Operand(Dice& dice, int64_t rows_, int64_t columns_)
      : rows(rows_),
        columns(columns_),
        transposed(dice.coin()),
        step((transposed ? rows : columns) + dice.integer(0, 3)),
        data(dice.normals((transposed ? columns : rows) * step)) {}

  double at(int64_t i, int64_t j) const {
    return static_cast<double>(
        data[static_cast<std::size_t>(transposed ? j * step + i : i * step + j)]);
  }
  Matrix matrix() const { return {data.data(), step, transposed}; }
};

struct Mnk {
  int64_t m, n, k;
};

// Odd ones, vectors, nothing, and ones of many blocks.
std::vector<Mnk> sizes(Dice& dice) {
  std::vector<Mnk> all = {{0, 3, 2},     {3, 0, 2},      {3, 2, 0},       {1, 1, 1},
                            {300, 530, 9}, {1, 3000, 100}, {10000, 1, 100}, {20, 30, 20000},
                            {257, 1, 1},   {1, 1, 5000},   {520, 70, 65},   {31, 1100, 64}};
  for (int i = 0; i < 150; ++i) {
    all.push_back({dice.integer(1, 40), dice.integer(1, 40), dice.integer(0, 40)});
  }
  return all;
}

// a b + beta c in double, where c has rows c_step apart; what lies between rows stays.
Doubles product(const Operand& a, const Operand& b, float beta, const Floats& c, int64_t c_step) {
  Doubles result(c.begin(), c.end());
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t j = 0; j < b.columns; ++j) {
      double& to = result[static_cast<std::size_t>(i * c_step + j)];
      double sum = beta == 0.0f ? 0.0 : static_cast<double>(beta) * to;
      for (int64_t p = 0; p < a.columns; ++p) sum += a.at(i, p) * b.at(p, j);
      to = sum;
    }
  }
  return result;
}

}  // namespace

TEST_CASE("gemm agrees with a loop") {
  Dice dice(1);
  for (const Mnk& s : sizes(dice)) {
    const Operand a(dice, s.m, s.k), b(dice, s.k, s.n);
    const int64_t c_step = s.n + dice.integer(0, 3);
    const Floats before = dice.normals(s.m * c_step);
    for (float beta : {0.0f, 1.0f, -0.5f}) {
      CAPTURE(s.m, s.n, s.k, a.transposed, b.transposed, beta);
      const Doubles expected = product(a, b, beta, before, c_step);
      Floats c = before;
      gemm(s.m, s.n, s.k, a.matrix(), b.matrix(), beta, c.data(), c_step);
      CHECK(error_of(c, expected) < 2e-6);
      c = before;
      gemm_serial(s.m, s.n, s.k, a.matrix(), b.matrix(), beta, c.data(), c_step);
      CHECK(error_of(c, expected) < 2e-6);
    }
  }
}

TEST_CASE("gemm with beta 0 overwrites NaN") {
  Dice dice(2);
  for (const Mnk& s : {Mnk{3, 4, 5}, {1, 4, 5}, {4, 1, 5}, {3, 4, 0}, {300, 600, 70}}) {
    const Operand a(dice, s.m, s.k), b(dice, s.k, s.n);
    Floats c(static_cast<std::size_t>(s.m * s.n), not_a_number);
    gemm(s.m, s.n, s.k, a.matrix(), b.matrix(), 0.0f, c.data(), s.n);
    CHECK(std::none_of(c.begin(), c.end(), [](float x) { return std::isnan(x); }));
  }
}

TEST_CASE("gemm passes NaN on") {
  Dice dice(3);
  for (const Mnk& s : {Mnk{3, 4, 5}, {1, 4, 5}, {4, 1, 5}}) {
    Operand a(dice, s.m, s.k), b(dice, s.k, s.n);
    std::fill(a.data.begin(), a.data.end(), 0.0f);
    std::fill(b.data.begin(), b.data.end(), not_a_number);
    Floats c(static_cast<std::size_t>(s.m * s.n));
    gemm(s.m, s.n, s.k, a.matrix(), b.matrix(), 0.0f, c.data(), s.n);
    CHECK(std::all_of(c.begin(), c.end(), [](float x) { return std::isnan(x); }));
  }
}

TEST_CASE("gemm_batch is gemm for each item") {
  Dice dice(4);
  for (const Mnk& s : sizes(dice)) {
    const int64_t count = dice.integer(0, s.m * s.n * s.k > 100'000 ? 3 : 20);
    // The items are rows (or columns, where it is transposed) of one tall matrix.
    const Operand a(dice, s.m, s.k), b(dice, s.k, s.n);
    const int64_t a_size = static_cast<int64_t>(a.data.size());
    const int64_t b_size = static_cast<int64_t>(b.data.size());
    const bool repeat_a = dice.coin(), repeat_b = dice.coin();
    const Floats as = dice.normals(count * a_size), bs = dice.normals(count * b_size);
    Floats c(static_cast<std::size_t>(count * s.m * s.n), not_a_number), expected = c;
    const int64_t a_stride = repeat_a ? 0 : a_size, b_stride = repeat_b ? 0 : b_size;
    gemm_batch(count, s.m, s.n, s.k, {as.data(), a.step, a.transposed}, a_stride,
               {bs.data(), b.step, b.transposed}, b_stride, c.data(), s.m * s.n);
    for (int64_t i = 0; i < count; ++i) {
      gemm_serial(s.m, s.n, s.k, {as.data() + i * a_stride, a.step, a.transposed},
                  {bs.data() + i * b_stride, b.step, b.transposed}, 0.0f,
                  expected.data() + i * s.m * s.n, s.n);
    }
    CAPTURE(count, s.m, s.n, s.k, a.transposed, b.transposed, repeat_a, repeat_b);
    CHECK(error_of(c, Doubles(expected.begin(), expected.end())) < 2e-6);
  }
}

TEST_CASE("gemm gives the same bits for any number of threads") {
  Dice dice(5);
  for (const Mnk& s : {Mnk{300, 530, 90}, {20, 30, 20000}, {10000, 1, 100}, {9, 9, 9}}) {
    const Operand a(dice, s.m, s.k), b(dice, s.k, s.n);
    CAPTURE(s.m, s.n, s.k);
    check_same_bits_for_any_threads([&] {
      Floats c(static_cast<std::size_t>(s.m * s.n));
      gemm(s.m, s.n, s.k, a.matrix(), b.matrix(), 0.0f, c.data(), s.n);
      return c;
    });
  }
}
