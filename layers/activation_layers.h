// ReLU, LeakyReLU, ELU, PReLU and Softmax: activation functions with options, as layers.
//
// Options   ReLU: max_value, negative_slope, threshold (x <= threshold gives negative_slope * (x -
//           threshold), more than max_value gives that). LeakyReLU: negative_slope. ELU: alpha.
//           PReLU: initializer, regularizer and constraint of alpha, the slope below 0, and
//           shared_axes, along which it is one and the same (1: the first after the batch).
//           Softmax: axis, one or several, which together sum to 1.
// Shapes    any float32 -> the same
// Weights   PReLU: alpha, of the input's shape without the batch, 1 where it is shared
// Masks     passed on. Softmax's broadcasts to the input: what it says doesn't count gets 0.
// Errors    options below 0; PReLU: unknown sizes, unless shared, or others than it was built for.
// Example   Tensor y = ReLU({.max_value = 6})(random_normal({2, 100}));
// Source    keras.layers.ReLU and the others.
#pragma once

#include <optional>

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

class ActivationLayerImpl : public LayerImpl {
 public:
  void check(const Shapes& inputs) const override { check_count(inputs, 1); }
  Shapes compute_output_shape(const Shapes& inputs, const Call&) override { return inputs; }

 protected:
  ActivationLayerImpl(const char* class_name, const std::string& name)
      : LayerImpl(class_name, name) {
    supports_masking_ = true;
    passes_masks_unseen_ = true;
  }
};

struct ReLUOptions {
  std::optional<double> max_value = {};
  double negative_slope = 0;
  double threshold = 0;
  std::string name = {};
};
class ReLUImpl : public ActivationLayerImpl {
 public:
  using Options = ReLUOptions;
  explicit ReLUImpl(const Options& o) : ActivationLayerImpl("ReLU", o.name), options_(o) {}
  void fields(Fields& f) override;
  void check_options() const override;
  Tensors call(const Tensors& inputs, const Call& call) override;

 private:
  Options options_;
};
using ReLU = Handle<ReLUImpl>;

struct LeakyReLUOptions {
  double negative_slope = 0.3;
  std::string name = {};
};
class LeakyReLUImpl : public ActivationLayerImpl {
 public:
  using Options = LeakyReLUOptions;
  explicit LeakyReLUImpl(const Options& o)
      : ActivationLayerImpl("LeakyReLU", o.name), options_(o) {}
  void fields(Fields& f) override { f("negative_slope", options_.negative_slope); }
  Tensors call(const Tensors& inputs, const Call& call) override;

 private:
  Options options_;
};
using LeakyReLU = Handle<LeakyReLUImpl>;

struct ELUOptions {
  double alpha = 1;
  std::string name = {};
};
class ELUImpl : public ActivationLayerImpl {
 public:
  using Options = ELUOptions;
  explicit ELUImpl(const Options& o) : ActivationLayerImpl("ELU", o.name), options_(o) {}
  void fields(Fields& f) override { f("alpha", options_.alpha); }
  Tensors call(const Tensors& inputs, const Call& call) override;

 private:
  Options options_;
};
using ELU = Handle<ELUImpl>;

struct PReLUOptions {
  Initializer alpha_initializer = Zeros();
  Regularizer alpha_regularizer = {};
  Constraint alpha_constraint = {};
  Axes shared_axes = {};
  std::string name = {};
};
class PReLUImpl : public ActivationLayerImpl {
 public:
  using Options = PReLUOptions;
  explicit PReLUImpl(const Options& o) : ActivationLayerImpl("PReLU", o.name), options_(o) {}
  void fields(Fields& f) override;
  void check(const Shapes& inputs) const override;
  void build(const Shapes& inputs) override;
  Tensors call(const Tensors& inputs, const Call& call) override;

 private:
  Shape shape_of_alpha(const Shape& input) const;
  Options options_;
  Tensor alpha_;
};
using PReLU = Handle<PReLUImpl>;

struct SoftmaxOptions {
  Axes axis = -1;
  std::string name = {};
};
class SoftmaxImpl : public ActivationLayerImpl {
 public:
  using Options = SoftmaxOptions;
  explicit SoftmaxImpl(const Options& o) : ActivationLayerImpl("Softmax", o.name), options_(o) {
    supports_masking_ = passes_masks_unseen_ = false;
  }
  void fields(Fields& f) override { f("axis", options_.axis); }
  void check(const Shapes& inputs) const override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Tensor compute_mask(const Tensors& inputs, const Call& call) override;

 private:
  Options options_;
};
using Softmax = Handle<SoftmaxImpl>;

}  // namespace kindling
#pragma GCC visibility pop
