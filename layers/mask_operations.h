// ConvertToTensor, Any, LogicalAnd and LogicalOr: operations that stand between layers in models of
// Keras's, which writes down how it works out masks (NotEqual is another; layers/not_equal.h).
//
// Options   Any: axis, one or several, or none for all; keepdims.
// Inputs    ConvertToTensor and Any: one. LogicalAnd and LogicalOr: two, bool.
// Shapes    ConvertToTensor: any -> the same. Any: without the axes, or with size 1 there; bool,
//           true where an element is not 0. LogicalAnd, LogicalOr: they broadcast; bool.
// Masks     none.
// Errors    another number of inputs; shapes that don't broadcast; LogicalAnd, LogicalOr: not bool.
// Example   auto mask = LogicalAnd()({not_equal(a, 0), not_equal(b, 0)});
// Source    keras.ops.convert_to_tensor, any, logical_and, logical_or.
#pragma once

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct OperationOptions {
  std::string name = {};
};
struct AnyOptions {
  Axes axis = {};
  bool keepdims = false;
  std::string name = {};
};

class MaskOperationImpl : public LayerImpl {
 public:
  using LayerImpl::LayerImpl;
  void check(const Shapes& inputs) const override { check_count(inputs, 1); }
  std::vector<DType> compute_output_dtypes(const std::vector<DType>&) const override {
    return {DType::boolean};
  }
  Tensor compute_mask(const Tensors&, const Call&) override { return {}; }
};

class ConvertToTensorImpl : public MaskOperationImpl {
 public:
  using Options = OperationOptions;
  explicit ConvertToTensorImpl(const Options& o) : MaskOperationImpl("ConvertToTensor", o.name) {}
  Tensors call(const Tensors& inputs, const Call&) override { return inputs; }
  Shapes compute_output_shape(const Shapes& inputs, const Call&) override { return inputs; }
  std::vector<DType> compute_output_dtypes(const std::vector<DType>& inputs) const override {
    return inputs;
  }
};
using ConvertToTensor = Handle<ConvertToTensorImpl>;

class AnyImpl : public MaskOperationImpl {
 public:
  using Options = AnyOptions;
  explicit AnyImpl(Options o) : MaskOperationImpl("Any", o.name), options_(std::move(o)) {}
  void fields(Fields& f) override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;

 private:
  Options options_;
};
using Any = Handle<AnyImpl>;

class LogicalImpl : public MaskOperationImpl {
 public:
  using Options = OperationOptions;
  using Join = Tensor (*)(const Tensor&, const Tensor&);
  LogicalImpl(const char* class_name, const Options& o, Join join)
      : MaskOperationImpl(class_name, o.name), join_(join) {}
  void check(const Shapes& inputs) const override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;
  std::vector<DType> compute_output_dtypes(const std::vector<DType>& inputs) const override;

 private:
  Join join_;
};
struct LogicalAndImpl : LogicalImpl {
  explicit LogicalAndImpl(const Options& o);
};
struct LogicalOrImpl : LogicalImpl {
  explicit LogicalOrImpl(const Options& o);
};
using LogicalAnd = Handle<LogicalAndImpl>;
using LogicalOr = Handle<LogicalOrImpl>;

}  // namespace kindling
#pragma GCC visibility pop
