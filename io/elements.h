// Elements of the dtypes that npy and safetensors files have, as tensors. For source files.
//
// float64 is rounded; a number that float32 or int32 does not have is an error, and so is a bool
// that is neither 0 nor 1:
//   x.npy: element 5 is 3000000000, int32 is in [-2147483648, 2147483647]
//   x.npy: element 5 is 7, a bool is 0 or 1
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <kindling/tensor/tensor.h>

namespace kindling {

struct ElementKind {
  std::string_view npy;          // "f4", without the order of bytes; empty if npy has none
  std::string_view safetensors;  // "F32"
  std::int64_t bytes;            // an element takes
  DType dtype;                   // what it becomes
  bool is_ours;                  // has all of its numbers, as they are
  void (*load)(std::string_view bytes, bool swapped, const std::string& name, Tensor& x);
};

std::span<const ElementKind> element_kinds();

// A tensor of a file's bytes, as many as it takes, with their order `swapped` if they are
// big-endian; `name` is what messages start with.
Tensor tensor_of(const ElementKind& kind, const Shape& shape, std::string_view bytes, bool swapped,
                 const std::string& name);

}  // namespace kindling
