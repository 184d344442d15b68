// Reshape, Permute and RepeatVector: the same elements otherwise arranged.
//
// Options   Reshape: target_shape, without the batch; one size may be -1.
//           Permute: dims, the axes of the input in the order of the result, from 1 on.
//           RepeatVector: n.
// Shapes    Reshape: (batch, ...) -> (batch, target_shape...); Permute {2, 1}: (batch, a, b) ->
//           (batch, b, a); RepeatVector: (batch, channels) -> (batch, n, channels). Any dtype.
// Masks     none: the input's ends here, with a warning.
// Errors    sizes that don't fit, dims that are not each axis once, n below 1.
// Example   Tensor y = Reshape({.target_shape = {-1, 4}})(random_normal({2, 12}));   // (2, 3, 4)
// Source    keras.layers.Reshape, keras.layers.Permute, keras.layers.RepeatVector.
#pragma once

#include <vector>

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

class ReshapingImpl : public LayerImpl {
 public:
  using LayerImpl::LayerImpl;
  std::vector<DType> compute_output_dtypes(const std::vector<DType>& inputs) const override {
    return {inputs[0]};
  }
};

struct ReshapeOptions {
  Required<std::vector<std::int64_t>, struct ReshapeOptions_target_shape> target_shape;
  std::string name = {};
};
class ReshapeImpl : public ReshapingImpl {
 public:
  using Options = ReshapeOptions;
  explicit ReshapeImpl(Options options)
      : ReshapingImpl("Reshape", options.name), options_(std::move(options)) {}
  void fields(Fields& f) override { f("target_shape", options_.target_shape); }
  void check_options() const override;
  void check(const Shapes& inputs) const override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;

 private:
  Options options_;
};
using Reshape = Handle<ReshapeImpl>;

struct PermuteOptions {
  Required<std::vector<std::int64_t>, struct PermuteOptions_dims> dims;
  std::string name = {};
};
class PermuteImpl : public ReshapingImpl {
 public:
  using Options = PermuteOptions;
  explicit PermuteImpl(Options options)
      : ReshapingImpl("Permute", options.name), options_(std::move(options)) {}
  void fields(Fields& f) override { f("dims", options_.dims); }
  void check_options() const override;
  void check(const Shapes& inputs) const override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;

 private:
  Options options_;
};
using Permute = Handle<PermuteImpl>;

struct RepeatVectorOptions {
  Required<std::int64_t, struct RepeatVectorOptions_n> n;
  std::string name = {};
};
class RepeatVectorImpl : public ReshapingImpl {
 public:
  using Options = RepeatVectorOptions;
  explicit RepeatVectorImpl(Options options)
      : ReshapingImpl("RepeatVector", options.name), options_(std::move(options)) {}
  void fields(Fields& f) override { f("n", options_.n); }
  void check_options() const override;
  void check(const Shapes& inputs) const override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;

 private:
  Options options_;
};
using RepeatVector = Handle<RepeatVectorImpl>;

}  // namespace kindling
#pragma GCC visibility pop
