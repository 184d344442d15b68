#include <kindling/tensor/shape.h>

#include <algorithm>

#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

void check_size(std::int64_t size) {
  if (size < any) fail("Shape: a size is at least 0, or any, got {}", size);
}

}  // namespace

const char* name(DType dtype) {
  switch (dtype) {
    case DType::float32: return "float32";
    case DType::int32: return "int32";
    case DType::boolean: return "bool";
  }
  return "unknown";
}

std::int64_t itemsize(DType dtype) { return dtype == DType::boolean ? 1 : 4; }

Shape::Shape(std::span<const std::int64_t> sizes) {
  if (sizes.size() > max_rank) {
    fail("Shape: at most {} axes are supported, got {}", max_rank, sizes.size());
  }
  for (const std::int64_t size : sizes) {
    check_size(size);
    size_[rank_++] = size;
  }
}

std::int64_t Shape::elements() const {
  std::int64_t product = 1;
  for (const std::int64_t size : *this) {
    if (size == any) fail("Shape: {} has sizes that are not known yet", str());
    if (__builtin_mul_overflow(product, size, &product)) {
      fail("Shape: {} has more elements than 64 bits count", str());
    }
  }
  return product;
}

bool Shape::known() const { return std::find(begin(), end(), any) == end(); }

Shape Shape::with(int axis, std::int64_t size) const {
  check_size(size);
  Shape shape = *this;
  shape.size_[resolve(axis)] = size;
  return shape;
}

Shape Shape::without(int axis) const {
  Shape shape = *this;
  const int a = resolve(axis);
  std::copy(begin() + a + 1, end(), shape.size_ + a);
  --shape.rank_;
  shape.size_[shape.rank_] = 0;
  return shape;
}

Shape Shape::inserted(int axis, std::int64_t size) const {
  check_size(size);
  if (rank_ == max_rank) fail("Shape: {} has no room for another axis", str());
  const int a = axis < 0 ? axis + rank_ + 1 : axis;
  if (a < 0 || a > rank_) axis_outside(axis, rank_ + 1);
  Shape shape = *this;
  std::copy_backward(begin() + a, end(), shape.size_ + rank_ + 1);
  shape.size_[a] = size;
  ++shape.rank_;
  return shape;
}

std::int64_t Shape::outer(int axis) const {
  return Shape(std::span(begin(), static_cast<std::size_t>(resolve(axis)))).elements();
}

std::int64_t Shape::inner(int axis) const {
  return Shape(std::span(begin() + resolve(axis) + 1, end())).elements();
}

bool Shape::leads(const Shape& x) const {
  return rank_ <= x.rank_ &&
         compatible(*this, Shape(std::span(x.begin(), static_cast<std::size_t>(rank_))));
}

bool Shape::masks(const Shape& x) const {
  if (rank_ != x.rank_) return leads(x);
  Shape full = *this;
  for (int axis = 0; axis < rank_; ++axis) {
    if (size_[axis] == 1) full.size_[axis] = x.size_[axis];
  }
  return full.leads(x);
}

Shape Shape::place(std::int64_t element) const {
  Shape index = *this;
  for (int axis = 0; axis < rank_; ++axis) {
    index.size_[axis] = element / inner(axis) % size_[axis];
  }
  return index;
}

std::string Shape::str() const {
  std::string text = "(";
  for (int i = 0; i < rank_; ++i) {
    if (i > 0) text += ", ";
    text += size_[i] == any ? "None" : std::to_string(size_[i]);
  }
  return text + (rank_ == 1 ? ",)" : ")");
}

void Shape::axis_outside(int axis, int axes) const {
  fail("Shape: axis {} is outside [{}, {}) [shape {}]", axis, -axes, axes, str());
}

bool operator==(const Shape& a, const Shape& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

bool compatible(const Shape& a, const Shape& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](std::int64_t x, std::int64_t y) {
    return x == y || x == any || y == any;
  });
}

}  // namespace kindling
