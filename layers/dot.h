// Dot: the sums of products along an axis of one input and one of another, batch by batch.
//
// Options   axes, one for both or {of the first, of the second}; normalize (vectors along them are
//           brought to length 1 first, so that the result is their cosine).
// Shapes    {(batch, a.., n), (batch, b.., n)} -> (batch, a.., b..); (batch, 1) if nothing is left
// Masks     ends here.
// Errors    other than two inputs; axes outside, the batch's or of different sizes.
// Example   Tensor y = Dot({.axes = 1})({random_normal({2, 7, 3}), random_normal({2, 7, 5})});
//           // (2, 3, 5)
// Source    keras.layers.Dot.
#pragma once

#include <utility>

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct DotOptions {
  Required<Axes, struct DotOptions_axes> axes;
  bool normalize = false;
  std::string name = {};
};

class DotImpl : public LayerImpl {
 public:
  using Options = DotOptions;
  explicit DotImpl(Options options)
      : LayerImpl("Dot", options.name), options_(std::move(options)) {}
  void fields(Fields& f) override;
  void check_options() const override;
  void check(const Shapes& inputs) const override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;
  Tensor compute_mask(const Tensors&, const Call&) override { return {}; }

 private:
  int axis(std::size_t input) const;
  Options options_;
};
using Dot = Handle<DotImpl>;

}  // namespace kindling
#pragma GCC visibility pop
