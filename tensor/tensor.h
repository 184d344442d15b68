// Tensor: the one type that holds numbers.
//
//   Tensor x = tensor({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});   // float32, shape (2, 3)
//   Tensor ids = tensor({4, 0, 7});                          // int32, shape (3,)
//   for (float v : x.floats()) ...
//
// A Tensor is a cheap handle on memory that copies share; contiguous, row-major, 64-byte aligned.
// It is a value: operations make new tensors and never change their operands. A tensor may carry
// its place in the autograd graph (autograd/graph.h) and, as in Keras, the mask that says which
// of its steps are padding (layers/layer.h passes it on).
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <kindling/tensor/checked_vector.h>
#include <kindling/tensor/shape.h>
#include <kindling/tensor/storage.h>

#pragma GCC visibility push(default)
namespace kindling {

struct Node;  // autograd/graph.h

class Tensor {
 public:
  Tensor() = default;  // undefined: no tensor
  // Memory for a result, not filled. Where there is none, the error names `who`, an operation.
  static Tensor empty(const Shape& shape, DType dtype = DType::float32, const char* who = "Tensor");

  bool defined() const { return storage_ != nullptr; }
  const Shape& shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  int rank() const { return shape_.rank(); }
  std::int64_t size(int axis) const { return shape_[axis]; }
  std::int64_t elements() const { return elements_; }

  // The elements, row-major. Fails on another dtype. A span doesn't keep memory alive, so a
  // temporary gives none: name the tensor first.
  std::span<const float> floats() const& { return {read<float>(DType::float32), count()}; }
  std::span<const std::int32_t> ints() const& {
    return {read<std::int32_t>(DType::int32), count()};
  }
  std::span<const bool> bools() const& { return {read<bool>(DType::boolean), count()}; }
  void floats() const&& = delete;
  void ints() const&& = delete;
  void bools() const&& = delete;
  // The only element of a float32 tensor; fails on another dtype, or on none or several.
  float item() const;

  // The one door for writing. It changes every handle on this memory, so only fresh results,
  // optimizers and loading go through it. Each call counts as a write: a graph recorded before it
  // that needs these numbers is refused by backward. So ask again for each round of writing instead
  // of holding a span.
  std::span<float> mutable_floats() { return {write<float>(DType::float32), count()}; }
  std::span<std::int32_t> mutable_ints() { return {write<std::int32_t>(DType::int32), count()}; }
  std::span<bool> mutable_bools() { return {write<bool>(DType::boolean), count()}; }
  // Whether no other handle shares this memory.
  bool sole_owner() const { return storage_.use_count() == 1; }
  // Whether two handles share memory.
  bool same_memory(const Tensor& other) const { return storage_ == other.storage_; }
  // The memory, and what it has waiting.
  const std::shared_ptr<Storage>& storage() const { return storage_; }
  // Throws if backward, on this thread, is in an operation that saw other numbers here.
  void check_unchanged() const {
    const detail::ReadAsOf* const reader = detail::ReadAsOf::current();
    if (reader != nullptr && storage_->version() > reader->time &&
        storage_->created() <= reader->time) {
      changed_since(reader->operation);
    }
  }

  // The same memory under another shape, without history and mask; fails unless it has as many
  // elements, and where a size is `any`.
  Tensor reshaped(const Shape& shape) const;
  // A copy in memory of its own, without history and mask.
  Tensor clone() const;

  // The place in the autograd graph: result `slot` of an operation, or a variable; null if none.
  const std::shared_ptr<Node>& node() const { return node_; }
  int slot() const { return slot_; }
  Tensor with_node(std::shared_ptr<Node> node, int slot) const;

  // The mask this tensor carries, bool, true where a step counts; undefined if none.
  Tensor mask() const { return mask_ ? *mask_ : Tensor(); }
  friend Tensor with_mask(const Tensor& x, const Tensor& mask);

  // Numbers as numpy prints them, long axes cut short.
  std::string str() const;

 private:
  template <class T>
  const T* read(DType dtype) const {
    if (dtype_ != dtype || !storage_) wrong_access(dtype);
    check_unchanged();
    return static_cast<const T*>(storage_->read());
  }
  template <class T>
  T* write(DType dtype) {
    if (dtype_ != dtype || !storage_) wrong_access(dtype);
    return static_cast<T*>(storage_->write());
  }
  [[noreturn]] void wrong_access(DType dtype) const;
  [[noreturn]] void changed_since(const char* operation) const;
  std::size_t count() const { return static_cast<std::size_t>(elements_); }

  std::shared_ptr<Storage> storage_;
  Shape shape_;
  std::int64_t elements_ = 0;
  DType dtype_ = DType::float32;
  int slot_ = 0;
  std::shared_ptr<Node> node_;
  std::shared_ptr<const Tensor> mask_;
};

using Tensors = CheckedVector<Tensor>;

// x carrying a mask, bool, of x's first size or sizes: (batch, steps) for most. One of x's rank may
// have size 1 along some axes, for all places there. An undefined mask
// takes it away; another dtype or other sizes fail.
Tensor with_mask(const Tensor& x, const Tensor& mask);

// Tensors from numbers: double makes float32, int makes int32.
Tensor tensor_of_rows(const std::vector<std::vector<double>>& rows, DType dtype);
template <class Number>
concept TensorNumber = std::same_as<Number, double> || std::same_as<Number, int>;
template <TensorNumber Number>
Tensor tensor(std::initializer_list<std::initializer_list<Number>> rows) {
  std::vector<std::vector<double>> copy;
  for (const auto& row : rows) copy.emplace_back(row.begin(), row.end());
  return tensor_of_rows(copy, std::same_as<Number, int> ? DType::int32 : DType::float32);
}
template <TensorNumber Number>
Tensor tensor(std::initializer_list<Number> values) {
  return tensor({values}).reshaped({static_cast<std::int64_t>(values.size())});
}
Tensor tensor(std::span<const float> values, const Shape& shape);
Tensor tensor(std::span<const std::int32_t> values, const Shape& shape);
Tensor scalar(double value);  // shape ()

Tensor full(const Shape& shape, double value);
Tensor zeros(const Shape& shape);
Tensor ones(const Shape& shape);
Tensor arange(std::int64_t end);  // int32: 0, 1, .. end - 1
Tensor mask_of(std::initializer_list<std::initializer_list<bool>> rows);  // bool

// From the global generator, or one of your own.
class Generator;
Tensor random_uniform(const Shape& shape, double low = 0, double high = 1);
Tensor random_uniform(const Shape& shape, double low, double high, Generator& generator);
Tensor random_normal(const Shape& shape, double mean = 0, double stddev = 1);
Tensor random_normal(const Shape& shape, double mean, double stddev, Generator& generator);

// The same numbers as another dtype; float to int truncates, and fails on what int32 doesn't have;
// to bool is x != 0. No history.
Tensor cast(const Tensor& x, DType dtype);
// The same, where no number changes; fails in the name of `who` on the first that would.
Tensor cast_exactly(const std::string& who, const Tensor& x, DType dtype);

}  // namespace kindling
#pragma GCC visibility pop
