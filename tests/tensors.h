// What the tests of tensors, operations and layers share.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <kindling/tensor/tensor.h>
#include <kindling/tensor/threads.h>

#include "tests/catch.h"

namespace kindling {

// The elements of any dtype, as doubles.
std::vector<double> numbers(const Tensor& x);

bool same_bits(const Tensor& a, const Tensor& b);

// The largest difference, relative to the largest expected number if that is above 1.
double error_of(const Tensor& actual, const Tensor& expected);
void check_close(const Tensor& actual, const Tensor& expected, double tolerance = 1e-5);

// Random numbers that a seed makes.
Tensor normals(const Shape& shape, std::uint64_t seed, double deviation = 1);
Tensor uniforms(const Shape& shape, std::uint64_t seed, double low, double high);
Tensor coins(const Shape& shape, std::uint64_t seed, double heads = 0.5);
Tensor random_ids(const Shape& shape, std::uint64_t seed, std::int64_t limit);

// A tensor whose element at an index is at(index).
using Index = std::vector<std::int64_t>;
Tensor tensor_of(const Shape& shape, const std::function<double(const Index&)>& at);

// The element at an index, where axes of size 1 repeat and missing ones come first.
double element(const Tensor& x, const Index& index);

// While one lives, kernels use this many threads.
class ThreadsScope {
 public:
  explicit ThreadsScope(int count) : before_(threads()) { set_threads(count); }
  ~ThreadsScope() { set_threads(before_); }
  ThreadsScope(const ThreadsScope&) = delete;
  ThreadsScope& operator=(const ThreadsScope&) = delete;

 private:
  int before_;
};

}  // namespace kindling
