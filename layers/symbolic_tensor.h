// SymbolicTensor: what a Model is made from. A layer called on one adds a call to a graph and
// computes nothing; the shapes are worked out, `any` where a size is not known yet.
//
//   auto query = Input({.shape = {any}, .dtype = DType::int32});
//   auto embedded = Embedding({.input_dim = 100, .output_dim = 8})(query);   // (None, None, 8)
//
// Source: Keras's KerasTensor.
#pragma once

#include <memory>
#include <vector>

#include <kindling/tensor/shape.h>

#pragma GCC visibility push(default)
namespace kindling {

class Layer;
class SymbolicTensor;
struct SymbolicNode;  // layers/symbolic.h
template <class T>
struct CallArguments;
using SymbolicTensors = std::vector<SymbolicTensor>;

class SymbolicTensor {
 public:
  SymbolicTensor() = default;  // undefined
  bool defined() const { return node_ != nullptr; }
  const Shape& shape() const { return shape_; }
  DType dtype() const { return dtype_; }

  // Result `index` of the call `node`.
  const std::shared_ptr<SymbolicNode>& node() const { return node_; }
  int index() const { return index_; }

 private:
  friend SymbolicTensors symbolic_call(const Layer&, const SymbolicTensors&,
                                       const CallArguments<SymbolicTensor>&);
  std::shared_ptr<SymbolicNode> node_;
  int index_ = 0;
  Shape shape_;
  DType dtype_ = DType::float32;
};

}  // namespace kindling
#pragma GCC visibility pop
