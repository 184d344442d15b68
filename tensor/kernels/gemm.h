// Matrix products: OpenBLAS on blocks, the blocks run by our own threads.
#pragma once

#include <cstdint>

namespace kindling::kernels {

// A matrix in row-major memory, `step` elements from one row to the next; transposed reads it
// as its transpose without moving anything.
struct Matrix {
  const float* data;
  std::int64_t step;
  bool transposed = false;
};

// c = a b + beta c, where a is (m, k), b is (k, n) and c is (m, n) with rows `c_step` apart.
// Cut into blocks of c's rows (or columns where there are few rows), never of k.
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, Matrix a, Matrix b, float beta, float* c,
          std::int64_t c_step);

// The same on the calling thread alone, for use inside a block.
void gemm_serial(std::int64_t m, std::int64_t n, std::int64_t k, Matrix a, Matrix b, float beta,
                 float* c, std::int64_t c_step);

// `count` independent products; consecutive matrices lie a_stride, b_stride, c_stride elements
// apart (0 repeats one).
void gemm_batch(std::int64_t count, std::int64_t m, std::int64_t n, std::int64_t k, Matrix a,
                std::int64_t a_stride, Matrix b, std::int64_t b_stride, float* c,
                std::int64_t c_stride);

}  // namespace kindling::kernels
