// Floats that a kernel needs while it runs: 64-byte aligned, not filled.
#pragma once

#include <cstdint>

#include <kindling/tensor/kernels/memory.h>

namespace kindling::kernels {

class Scratch {
 public:
  // `who` is the kernel that messages name.
  Scratch(std::int64_t floats, const char* who)
      : data_(static_cast<float*>(allocate(floats * std::int64_t{sizeof(float)}, who))) {}
  ~Scratch() { release(data_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  float* data() const { return data_; }

 private:
  float* data_;
};

}  // namespace kindling::kernels
