#include <kindling/layers/flatten.h>

#include <kindling/autograd/shaping.h>

namespace kindling {

void FlattenImpl::check(const Shapes& inputs) const {
  check_count(inputs, 1);
  if (inputs[0].rank() < 1) fail_with("input is (batch, ...), got " + inputs[0].str());
}

Tensors FlattenImpl::call(const Tensors& inputs, const Call&) {
  Tensor x = inputs[0];
  if (options_.data_format == DataFormat::channels_first && x.rank() > 2) {
    std::vector<int> axes = {0};
    for (int axis = 2; axis < x.rank(); ++axis) axes.push_back(axis);
    axes.push_back(1);
    x = transpose(x, axes);
  }
  return {reshape(x, {x.size(0), x.shape().inner(0)})};
}

Shapes FlattenImpl::compute_output_shape(const Shapes& inputs, const Call&) {
  const Shape items(std::span(inputs[0].begin() + 1, inputs[0].end()));
  return {Shape{inputs[0][0], items.known() ? items.elements() : any}};
}

}  // namespace kindling
