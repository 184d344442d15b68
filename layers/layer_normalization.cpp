#include <kindling/layers/layer_normalization.h>

#include <kindling/autograd/sequence.h>
#include <kindling/autograd/shaping.h>
#include <kindling/layers/axes_last.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

Shape sizes_of(const std::vector<int>& axes, const Shape& shape) {
  std::vector<std::int64_t> sizes;
  for (const int axis : axes) sizes.push_back(shape[axis]);
  return Shape(sizes);
}

}  // namespace

void LayerNormalizationImpl::fields(Fields& f) {
  f("axis", options_.axis);
  f("epsilon", options_.epsilon);
  f("center", options_.center);
  f("scale", options_.scale);
  f("beta_initializer", options_.beta_initializer);
  f("gamma_initializer", options_.gamma_initializer);
  f("beta_regularizer", options_.beta_regularizer);
  f("gamma_regularizer", options_.gamma_regularizer);
  f("beta_constraint", options_.beta_constraint);
  f("gamma_constraint", options_.gamma_constraint);
}

void LayerNormalizationImpl::check_options() const {
  if (options_.axis.values.empty()) fail_with("needs an axis at least");
  if (!(options_.epsilon >= 0)) fail("{}: epsilon is at least 0, got {}", who(), options_.epsilon);
}

void LayerNormalizationImpl::check(const Shapes& inputs) const {
  check_count(inputs, 1);
  const Shape sizes = sizes_of(detail::resolved(who(), options_.axis, inputs[0]), inputs[0]);
  if (!built() && !sizes.known()) {
    fail_with("the sizes of the axes must be known, got " + inputs[0].str());
  }
  if (built() && !compatible(sizes, sizes_)) {
    fail("{}: was built for {} along its axes, got {} [input {}]", who(), sizes_.str(),
         sizes.str(), inputs[0].str());
  }
}

void LayerNormalizationImpl::build(const Shapes& inputs) {
  const Options& o = options_;
  sizes_ = sizes_of(detail::resolved(who(), o.axis, inputs[0]), inputs[0]);
  if (o.scale) {
    gamma_ = add_weight("gamma", sizes_, o.gamma_initializer,
                        {.regularizer = o.gamma_regularizer, .constraint = o.gamma_constraint});
  }
  if (o.center) {
    beta_ = add_weight("beta", sizes_, o.beta_initializer,
                       {.regularizer = o.beta_regularizer, .constraint = o.beta_constraint});
  }
}

Tensors LayerNormalizationImpl::call(const Tensors& inputs, const Call&) {
  const auto flat = [](const Tensor& w) { return w.defined() ? reshape(w, {w.elements()}) : w; };
  const std::vector<int> axes = detail::resolved(who(), options_.axis, inputs[0].shape());
  return {detail::along_axes(axes, inputs[0], {}, [&](const Tensor& x, const Tensor&) {
    return layer_norm(x, flat(gamma_), flat(beta_), options_.epsilon);
  })};
}

}  // namespace kindling
