#include <kindling/layers/mask_operations.h>

#include <algorithm>
#include <set>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/reduce.h>
#include <kindling/tensor/fail.h>

namespace kindling {

void AnyImpl::fields(Fields& f) {
  f("axis", options_.axis);
  f("keepdims", options_.keepdims);
}

Tensors AnyImpl::call(const Tensors& inputs, const Call&) {
  const Tensor counts = cast(cast(inputs[0], DType::boolean), DType::float32);
  return {not_equal(sum(counts, {.axis = options_.axis.values, .keepdims = options_.keepdims}),
                    0)};
}

Shapes AnyImpl::compute_output_shape(const Shapes& inputs, const Call&) {
  Shape shape = inputs[0];
  std::set<int> axes;
  for (const int axis : options_.axis.values) axes.insert(shape.resolve(axis));
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    if (!axes.empty() && !axes.contains(axis)) continue;
    shape = options_.keepdims ? shape.with(axis, 1) : shape.without(axis);
  }
  return {shape};
}

LogicalAndImpl::LogicalAndImpl(const Options& o) : LogicalImpl("LogicalAnd", o, logical_and) {}
LogicalOrImpl::LogicalOrImpl(const Options& o) : LogicalImpl("LogicalOr", o, logical_or) {}

void LogicalImpl::check(const Shapes& inputs) const {
  check_count(inputs, 2);
  const Shape &a = inputs[0], &b = inputs[1];
  for (int axis = 1; axis <= std::min(a.rank(), b.rank()); ++axis) {
    const std::int64_t m = a[-axis], n = b[-axis];
    if (m == n || m == 1 || n == 1 || m == any || n == any) continue;
    fail("{}: inputs must broadcast, got {} and {}", who(), a.str(), b.str());
  }
}

Shapes LogicalImpl::compute_output_shape(const Shapes& inputs, const Call&) {
  const bool first = inputs[0].rank() >= inputs[1].rank();
  const Shape &longer = inputs[first ? 0 : 1], &shorter = inputs[first ? 1 : 0];
  Shape joined = longer;
  for (int axis = 1; axis <= shorter.rank(); ++axis) {
    const std::int64_t size = shorter[-axis];
    const bool repeats = longer[-axis] == 1 || (longer[-axis] == any && size != 1);
    if (repeats) joined = joined.with(-axis, size);
  }
  return {joined};
}

std::vector<DType> LogicalImpl::compute_output_dtypes(const std::vector<DType>& inputs) const {
  for (const DType dtype : inputs) {
    if (dtype != DType::boolean) fail("{}: inputs are bool, got {}", who(), kindling::name(dtype));
  }
  return {DType::boolean};
}

Tensors LogicalImpl::call(const Tensors& inputs, const Call&) {
  compute_output_dtypes({inputs[0].dtype(), inputs[1].dtype()});
  return {join_(inputs[0], inputs[1])};
}

}  // namespace kindling
