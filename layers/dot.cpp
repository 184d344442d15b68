#include <kindling/layers/dot.h>

#include <kindling/autograd/matmul.h>
#include <kindling/autograd/reduce.h>
#include <kindling/autograd/shaping.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

// (batch, s.., n, t..) -> (batch, s.. t.., n) with the axes between made one.
Tensor vectors(const Tensor& x, int axis) {
  std::vector<int> order;
  for (int i = 0; i < x.rank(); ++i) {
    if (i != axis) order.push_back(i);
  }
  order.push_back(axis);
  const std::int64_t others = x.shape().without(axis).without(0).elements();
  return reshape(transpose(x, order), {x.size(0), others, x.size(axis)});
}

}  // namespace

void DotImpl::fields(Fields& f) {
  f("axes", options_.axes);
  f("normalize", options_.normalize);
}

void DotImpl::check_options() const {
  const std::size_t count = options_.axes.value().values.size();
  if (count != 1 && count != 2) {
    fail("{}: axes is one axis, or one of each input, got {}", who(), count);
  }
}

int DotImpl::axis(std::size_t input) const {
  const std::vector<int>& axes = options_.axes.value().values;
  return axes[axes.size() == 1 ? 0 : input];
}

void DotImpl::check(const Shapes& inputs) const {
  check_count(inputs, 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const int rank = inputs[i].rank(), a = axis(i) < 0 ? axis(i) + rank : axis(i);
    if (a < 1 || a >= rank) {
      fail("{}: axis {} is none of input {} after the batch, which is {}", who(), axis(i), i,
           inputs[i].str());
    }
  }
  const std::int64_t m = inputs[0][axis(0)], n = inputs[1][axis(1)];
  const bool same_batch = compatible({inputs[0][0]}, {inputs[1][0]});
  if ((m != n && m != any && n != any) || !same_batch) {
    fail("{}: batches and the axes of the product must have the same size, got {} at axis {} and "
         "{} at axis {}", who(), inputs[0].str(), axis(0), inputs[1].str(), axis(1));
  }
}

Tensors DotImpl::call(const Tensors& inputs, const Call& call) {
  Tensors xs;
  Shapes shapes;
  for (std::size_t i = 0; i < 2; ++i) {
    shapes.push_back(inputs[i].shape());
    const Tensor x = vectors(inputs[i], inputs[i].shape().resolve(axis(i)));
    xs.push_back(options_.normalize ? l2_normalize(x) : x);
  }
  const Tensor y = matmul(xs[0], xs[1], {.transpose_b = true});
  return {reshape(y, compute_output_shape(shapes, call)[0])};
}

Shapes DotImpl::compute_output_shape(const Shapes& inputs, const Call&) {
  const Shape first = inputs[0].without(axis(0)), second = inputs[1].without(axis(1)).without(0);
  std::vector<std::int64_t> sizes(first.begin(), first.end());
  sizes.insert(sizes.end(), second.begin(), second.end());
  if (sizes.size() == 1) sizes.push_back(1);
  if (sizes[0] == any) sizes[0] = inputs[1][0];
  return {Shape(sizes)};
}

}  // namespace kindling
