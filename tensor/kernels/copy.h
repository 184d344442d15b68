// Moving elements without computing: strided copies, rows by id.
#pragma once

#include <cstdint>

namespace kindling::kernels {

// y is contiguous, of up to six axes of these sizes; element (i0, i1, ..) comes from
// x[i0 * step[0] + i1 * step[1] + ..]. T is float, int32 or bool.
template <class T>
void gather_strided(int rank, const std::int64_t* size, const std::int64_t* step, const T* x, T* y);

// The reverse: x, of these sizes, goes to those places of y.
void scatter_strided(int rank, const std::int64_t* size, const std::int64_t* step, const float* x,
                     float* y);

// y[i] = table[ids[i]], rows of `width` elements; ids are known to be inside.
void gather_rows(const float* table, const std::int32_t* ids, std::int64_t n, std::int64_t width,
                 float* y);
// table[ids[i]] += x[i], in the order of i.
void add_rows(const float* x, const std::int32_t* ids, std::int64_t n, std::int64_t width,
              float* table);

}  // namespace kindling::kernels
