// Copies between tensors of one dtype, whichever it is. For source files.
#pragma once

#include <kindling/tensor/tensor.h>

namespace kindling::detail {

// copy(from, to) on pointers to x's elements and y's.
template <class Copy>
void copy_elements(const Tensor& x, Tensor& y, Copy copy) {
  switch (x.dtype()) {
    case DType::float32: return copy(x.floats().data(), y.mutable_floats().data());
    case DType::int32: return copy(x.ints().data(), y.mutable_ints().data());
    case DType::boolean: return copy(x.bools().data(), y.mutable_bools().data());
  }
}

}  // namespace kindling::detail
