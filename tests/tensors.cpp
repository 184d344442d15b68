#include "tests/tensors.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <kindling/tensor/random.h>

namespace kindling {

std::vector<double> numbers(const Tensor& x) {
  const Tensor as_floats = x.dtype() == DType::float32 ? x : cast(x, DType::float32);
  return {as_floats.floats().begin(), as_floats.floats().end()};
}

bool same_bits(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  const auto equal = [](auto x, auto y) {
    return x.empty() || std::memcmp(x.data(), y.data(), x.size_bytes()) == 0;
  };
  switch (a.dtype()) {
    case DType::float32: return equal(a.floats(), b.floats());
    case DType::int32: return equal(a.ints(), b.ints());
    case DType::boolean: return equal(a.bools(), b.bools());
  }
  return false;
}

double error_of(const Tensor& actual, const Tensor& expected) {
  const std::vector<double> a = numbers(actual), e = numbers(expected);
  double worst = 0, size = 1;
  for (std::size_t i = 0; i < e.size(); ++i) {
    const double difference = std::abs(a[i] - e[i]);
    if (!(difference <= worst)) worst = std::isnan(difference) ? INFINITY : difference;
    size = std::max(size, std::abs(e[i]));
  }
  return worst / size;
}

void check_close(const Tensor& actual, const Tensor& expected, double tolerance) {
  REQUIRE(actual.shape().str() == expected.shape().str());
  REQUIRE(actual.dtype() == expected.dtype());
  CHECK(error_of(actual, expected) <= tolerance);
}

Tensor normals(const Shape& shape, std::uint64_t seed, double deviation) {
  Generator generator(seed);
  return random_normal(shape, 0, deviation, generator);
}

Tensor uniforms(const Shape& shape, std::uint64_t seed, double low, double high) {
  Generator generator(seed);
  return random_uniform(shape, low, high, generator);
}

Tensor coins(const Shape& shape, std::uint64_t seed, double heads) {
  Generator generator(seed);
  Tensor mask = Tensor::empty(shape, DType::boolean);
  generator.fill_bernoulli(mask.mutable_bools().data(), mask.elements(), heads);
  return mask;
}

Tensor random_ids(const Shape& shape, std::uint64_t seed, std::int64_t limit) {
  Generator generator(seed);
  Tensor ids = Tensor::empty(shape, DType::int32);
  for (auto& id : ids.mutable_ints()) id = static_cast<std::int32_t>(generator.below(limit));
  return ids;
}

Tensor tensor_of(const Shape& shape, const std::function<double(const Index&)>& at) {
  Tensor t = Tensor::empty(shape);
  std::int64_t flat = 0;
  for (float& v : t.mutable_floats()) {
    Index index;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      index.push_back(flat / shape.inner(axis) % shape[axis]);
    }
    v = static_cast<float>(at(index));
    ++flat;
  }
  return t;
}

double element(const Tensor& x, const Index& index) {
  std::int64_t flat = 0;
  const auto extra = static_cast<std::ptrdiff_t>(index.size()) - x.rank();
  for (int axis = 0; axis < x.rank(); ++axis) {
    const std::int64_t i = index[static_cast<std::size_t>(extra + axis)];
    flat = flat * x.size(axis) + (x.size(axis) == 1 ? 0 : i);
  }
  const auto at = static_cast<std::size_t>(flat);
  switch (x.dtype()) {
    case DType::float32: return static_cast<double>(x.floats()[at]);
    case DType::int32: return x.ints()[at];
    case DType::boolean: return x.bools()[at] ? 1 : 0;
  }
  return 0;
}

}  // namespace kindling
