// A layer of one's own: each channel times a number that is learnt.
#pragma once

#include <kindling/autograd/ops.h>
#include <kindling/layers/layer.h>

struct ScaleOptions {
  double initial = 1;
  std::string name = {};
};

class ScaleImpl : public kindling::LayerImpl {
 public:
  using Options = ScaleOptions;
  explicit ScaleImpl(Options o) : LayerImpl("Scale", o.name), options_(std::move(o)) {}
  void fields(kindling::Fields& f) override { f("initial", options_.initial); }
  void build(const kindling::Shapes& inputs) override {
    scale_ = add_weight("scale", {inputs[0][-1]}, kindling::Constant({.value = options_.initial}));
  }
  kindling::Tensors call(const kindling::Tensors& inputs, const kindling::Call&) override {
    return {inputs[0] * scale_};
  }

 private:
  Options options_;
  kindling::Tensor scale_;
};
using Scale = kindling::Handle<ScaleImpl>;
