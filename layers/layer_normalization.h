// LayerNormalization: each sample brought to mean 0 and variance 1 along an axis, then scaled and
// moved by learned numbers.
//
// Options   axis (one or several, whose numbers are taken together), epsilon (added to the
//           variance), center (has beta), scale (has gamma); initializer, regularizer and
//           constraint of beta and gamma.
// Shapes    any float32 -> the same
// Weights   gamma, beta: the sizes of the axes, which ascend
// Masks     passed on.
// Errors    an axis outside, or twice; other sizes of the axes than it was built for.
// Example   Tensor y = LayerNormalization()(random_normal({2, 7, 100}));
// Source    keras.layers.LayerNormalization; Ba et al., "Layer normalization" (2016).
#pragma once

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct LayerNormalizationOptions {
  Axes axis = -1;
  double epsilon = 1e-3;
  bool center = true;
  bool scale = true;
  Initializer beta_initializer = Zeros();
  Initializer gamma_initializer = Ones();
  Regularizer beta_regularizer = {};
  Regularizer gamma_regularizer = {};
  Constraint beta_constraint = {};
  Constraint gamma_constraint = {};
  std::string name = {};
};

class LayerNormalizationImpl : public LayerImpl {
 public:
  using Options = LayerNormalizationOptions;
  explicit LayerNormalizationImpl(Options options)
      : LayerImpl("LayerNormalization", options.name), options_(std::move(options)) {
    supports_masking_ = true;
    passes_masks_unseen_ = true;
  }
  void fields(Fields& f) override;
  void check_options() const override;
  void check(const Shapes& inputs) const override;
  void build(const Shapes& inputs) override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call&) override { return inputs; }

 private:
  Options options_;
  Shape sizes_;  // of the axes
  Tensor gamma_, beta_;
};
using LayerNormalization = Handle<LayerNormalizationImpl>;

}  // namespace kindling
#pragma GCC visibility pop
