// Shape: the sizes of a tensor's axes; DType: what its elements are.
#pragma once

#if __cplusplus < 202002L
#error "kindling needs C++20: -std=c++20"
#endif

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#pragma GCC visibility push(default)
namespace kindling {

enum class DType {
  float32,  // differentiable
  int32,    // ids
  boolean,  // masks
};
const char* name(DType dtype);       // "float32", "int32", "bool"
std::int64_t itemsize(DType dtype);  // bytes of an element

// A size that is not known yet: the None of a Keras shape.
inline constexpr std::int64_t any = -1;

// Up to six axes, row-major. Prints as Python does: (2, 3), (5,), (None, 7), ().
class Shape {
 public:
  static constexpr int max_rank = 6;

  Shape() = default;  // (), a scalar
  Shape(std::initializer_list<std::int64_t> sizes)
      : Shape(std::span(sizes.begin(), sizes.size())) {}
  explicit Shape(std::span<const std::int64_t> sizes);

  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const { return size_[resolve(axis)]; }  // -1 is the last axis
  std::int64_t elements() const;  // fails where a size is `any`
  bool known() const;             // no size is `any`

  const std::int64_t* begin() const { return size_; }
  const std::int64_t* end() const { return size_ + rank_; }

  // Copies with one axis changed, removed or put in: before `axis`, in [-rank - 1, rank], where -1
  // makes it the last.
  Shape with(int axis, std::int64_t size) const;
  Shape without(int axis) const;
  Shape inserted(int axis, std::int64_t size) const;

  // The axis counted from 0; fails outside [-rank, rank).
  int resolve(int axis) const {
    const int a = axis < 0 ? axis + rank_ : axis;
    if (a < 0 || a >= rank_) axis_outside(axis, rank_);
    return a;
  }
  // Elements before and after an axis: row-major memory is (outer(a), size, inner(a)).
  std::int64_t outer(int axis) const;
  std::int64_t inner(int axis) const;

  // Whether these are the first sizes of x. As below, `any` could be each size.
  bool leads(const Shape& x) const;
  // Whether a mask of this shape fits x: it leads x, or has x's rank, with 1 instead of some sizes.
  bool masks(const Shape& x) const;

  // Where element number `element` is: an index an axis.
  Shape place(std::int64_t element) const;

  std::string str() const;
  friend bool operator==(const Shape& a, const Shape& b);

 private:
  // There are as many axes to choose from.
  [[noreturn]] void axis_outside(int axis, int axes) const;

  std::int64_t size_[max_rank] = {};
  int rank_ = 0;
};
bool operator==(const Shape& a, const Shape& b);

// Whether a shape could be the other once sizes that are `any` are known.
bool compatible(const Shape& a, const Shape& b);

}  // namespace kindling
#pragma GCC visibility pop
