#include <kindling/layers/merge.h>

#include <algorithm>

#include <kindling/autograd/shaping.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

// A shape with axes of size 1 after the batch, so that it has `rank` of them.
Shape raised(Shape shape, int rank) {
  while (shape.rank() < rank) shape = shape.inserted(1, 1);
  return shape;
}

// What shapes broadcast to, all but the batch; where one doesn't fit, `fits` gets its place.
Shape joined(const Shapes& shapes, std::size_t& fits) {
  Shape all = raised(shapes[0], std::ranges::max(shapes, {}, &Shape::rank).rank());
  for (fits = 0; fits < shapes.size(); ++fits) {
    const Shape shape = raised(shapes[fits], all.rank());
    for (int axis = 0; axis < all.rank(); ++axis) {
      const std::int64_t a = all[axis], b = shape[axis];
      const bool repeats = axis > 0 && (a == 1 || b == 1);
      if (a != b && a != any && b != any && !repeats) return all;
      if (repeats ? a == 1 : a == any) all = all.with(axis, b);
    }
  }
  return all;
}

Tensor any_of(const Tensors& masks) {
  if (masks.empty() || !std::ranges::all_of(masks, &Tensor::defined)) return {};
  Tensor all = masks[0];
  for (const Tensor& mask : masks) all = logical_or(all, mask);
  return all;
}

}  // namespace

void MergeImpl::check(const Shapes& inputs) const {
  if (rule_.inputs > 0) check_count(inputs, rule_.inputs);
  if (inputs.empty()) fail_with("takes at least one input");
  if (std::ranges::min(inputs, {}, &Shape::rank).rank() < 1) fail_with("inputs are (batch, ...)");
  std::size_t fits = 0;
  joined(inputs, fits);
  if (fits < inputs.size()) {
    fail("{}: inputs must broadcast, all but the batch, got {} and {}", who(), inputs[0].str(),
         inputs[fits].str());
  }
}

Tensors MergeImpl::call(const Tensors& inputs, const Call& call) {
  Tensors xs = inputs, masks = call.masks;
  masks.resize(xs.size());
  const int rank = std::ranges::max(inputs, {}, &Tensor::rank).rank();
  bool masked = rule_.nothing.has_value();
  for (Tensor& x : xs) {
    if (x.rank() == rank) continue;
    masked = false;  // its steps and those of the others wouldn't be the same
    x = reshape(x, raised(x.shape(), rank));
  }
  for (std::size_t i = 0; masked && i < xs.size(); ++i) {
    if (!masks[i].defined()) continue;
    while (masks[i].rank() < xs[i].rank()) masks[i] = expand_dims(masks[i], -1);
    xs[i] = where(masks[i], xs[i], scalar(*rule_.nothing));
  }
  Tensor y = xs[0];
  for (std::size_t i = 1; i < xs.size(); ++i) y = rule_.join(y, xs[i]);
  if (rule_.mean) y = y * (1 / static_cast<double>(xs.size()));
  if (const Tensor counts = masked ? any_of(masks) : Tensor(); counts.defined()) {
    y = where(counts, y, rule_.nothing == 1 ? scalar(0) : inputs[0]);
  }
  return {y};
}

Shapes MergeImpl::compute_output_shape(const Shapes& inputs, const Call&) {
  std::size_t fits = 0;
  return {joined(inputs, fits)};
}

Tensor MergeImpl::compute_mask(const Tensors&, const Call& call) { return any_of(call.masks); }

}  // namespace kindling
