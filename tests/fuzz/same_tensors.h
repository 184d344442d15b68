// Whether tensors came back as they were.
#pragma once

#include <kindling/io/bytes.h>
#include <kindling/io/safetensors.h>

namespace fuzz {

inline bool same(const kindling::Tensor& a, const kindling::Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         kindling::bytes_of(a) == kindling::bytes_of(b);
}

// In whichever order.
inline bool same(const kindling::TensorFile& a, const kindling::TensorFile& b) {
  bool all = a.tensors.size() == b.tensors.size();
  for (const auto& [name, x] : a.tensors) all = all && b.contains(name) && same(b.at(name), x);
  return all;
}

}  // namespace fuzz
