// NotEqual: where an input differs from a number. Makes padding masks in a Model:
//
//   auto mask = not_equal(query_input, 0);
//
// Options   value.
// Shapes    any -> the same, bool
// Source    keras.ops.not_equal.
#pragma once

#include <kindling/layers/layer.h>
#include <kindling/layers/symbolic.h>

#pragma GCC visibility push(default)
namespace kindling {

struct NotEqualOptions {
  double value = 0;
  std::string name = {};
};

class NotEqualImpl : public LayerImpl {
 public:
  using Options = NotEqualOptions;
  explicit NotEqualImpl(Options options)
      : LayerImpl("NotEqual", options.name), options_(std::move(options)) {
    supports_masking_ = true;
  }
  void fields(Fields& f) override { f("value", options_.value); }
  void check(const Shapes& inputs) const override { check_count(inputs, 1); }
  Tensors call(const Tensors& inputs, const Call&) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call&) override { return inputs; }
  std::vector<DType> compute_output_dtypes(const std::vector<DType>&) const override {
    return {DType::boolean};
  }

 private:
  Options options_;
};
using NotEqual = Handle<NotEqualImpl>;

SymbolicTensor not_equal(const SymbolicTensor& x, double value);

}  // namespace kindling
#pragma GCC visibility pop
