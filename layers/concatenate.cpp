#include <kindling/layers/concatenate.h>

#include <algorithm>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/shaping.h>
#include <kindling/tensor/fail.h>

namespace kindling {

void ConcatenateImpl::check(const Shapes& inputs) const {
  if (inputs.empty()) fail_with("takes at least one input");
  const int rank = inputs[0].rank();
  if (options_.axis < -rank || options_.axis >= rank) {
    fail("{}: axis {} is outside [{}, {}) [input {}]", who(), options_.axis, -rank, rank,
         inputs[0].str());
  }
  const Shape want = inputs[0].with(axis(), any);
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (!compatible(want, inputs[i])) {
      fail("{}: inputs must agree but for axis {}, got {} and {}", who(), options_.axis,
           inputs[0].str(), inputs[i].str());
    }
  }
}

Tensors ConcatenateImpl::call(const Tensors& inputs, const Call&) {
  return {concatenate(inputs, axis())};
}

Shapes ConcatenateImpl::compute_output_shape(const Shapes& inputs, const Call&) {
  Shape shape = inputs[0];
  std::int64_t total = 0;
  for (const Shape& input : inputs) {
    total = input[axis()] == any || total == any ? any : total + input[axis()];
    for (int a = 0; a < shape.rank(); ++a) {
      if (shape[a] == any) shape = shape.with(a, input[a]);
    }
  }
  return {shape.with(axis(), total)};
}

Tensor ConcatenateImpl::compute_mask(const Tensors& inputs, const Call& call) {
  if (std::ranges::none_of(call.masks, &Tensor::defined)) return {};
  int rank = 1;
  for (const Tensor& mask : call.masks) rank = std::max(rank, mask.defined() ? mask.rank() : 0);
  const int along = inputs[0].shape().resolve(axis());
  Tensors masks;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Shape shape(std::span(inputs[i].shape().begin(), static_cast<std::size_t>(rank)));
    const Tensor& mask = call.masks[i];
    if (!mask.defined()) {
      masks.push_back(cast(ones(shape), DType::boolean));
      continue;
    }
    Tensor longer = mask;
    while (longer.rank() < rank) longer = expand_dims(longer, -1);
    masks.push_back(broadcast_to(longer, shape));
  }
  if (along < rank) return concatenate(masks, along);
  Tensor some = masks[0];
  for (const Tensor& mask : masks) some = logical_or(some, mask);
  return some;
}

}  // namespace kindling
