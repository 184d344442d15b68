#include <kindling/autograd/shaping.h>

#include <algorithm>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/operands.h>
#include <kindling/tensor/broadcast.h>
#include <kindling/tensor/copy_elements.h>
#include <kindling/tensor/kernels/copy.h>

namespace kindling {
namespace {

struct Strides {
  std::int64_t step[Shape::max_rank] = {};
};

Strides strides_of(const Shape& shape) {
  Strides s;
  std::int64_t next = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    s.step[axis] = next;
    next *= shape[axis];
  }
  return s;
}

// A tensor of `shape` whose elements are found in x, from element `offset` on, at these strides.
Tensor strided(const char* who, const Tensor& x, const Shape& shape, const Strides& strides,
               std::int64_t offset = 0) {
  Tensor y = Tensor::empty(shape, x.dtype(), who);
  if (y.elements() == 0) return y;
  detail::copy_elements(x, y, [&](const auto* from, auto* to) {
    kernels::gather_strided(shape.rank(), shape.begin(), strides.step, from + offset, to);
  });
  return y;
}

void require_defined(const char* who, const Tensor& x) {
  if (!x.defined()) fail("{}: the operand is an undefined tensor", who);
}

// The shape of x with an axis of size 1 put in.
Shape with_new_axis(const char* who, const Tensor& x, int axis) {
  const int a = detail::resolve(who, x.shape(), axis, x.rank() + 1);
  if (x.rank() == Shape::max_rank) {
    fail("{}: there is no room for another axis [x {}]", who, x.shape().str());
  }
  return x.shape().inserted(a, 1);
}

}  // namespace

Tensor reshape(const Tensor& x, const Shape& shape) {
  require_defined("reshape", x);
  if (std::ranges::count(shape, any) > 1) {
    fail("reshape: one size may be any, got {} [x {}]", shape.str(), x.shape().str());
  }
  Shape known = shape;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] != any) continue;
    const std::int64_t others = shape.without(axis).elements();
    if (others == 0 || x.elements() % others != 0) {
      fail("reshape: {} has {} elements, which {} does not divide into", x.shape().str(),
           x.elements(), shape.str());
    }
    known = shape.with(axis, x.elements() / others);
  }
  return record("reshape", x.reshaped(known), wrt(x, [from = x.shape()](const Tensor& g) {
                  return g.reshaped(from);
                }));
}

Tensor expand_dims(const Tensor& x, int axis) {
  require_defined("expand_dims", x);
  return reshape(x, with_new_axis("expand_dims", x, axis));
}

Tensor squeeze(const Tensor& x, int axis) {
  require_defined("squeeze", x);
  const int a = detail::resolve("squeeze", x.shape(), axis);
  if (x.size(a) != 1) {
    fail("squeeze: axis {} has size {}, only 1 can go [x {}]", axis, x.size(a), x.shape().str());
  }
  return reshape(x, x.shape().without(a));
}

Tensor transpose(const Tensor& x, const std::vector<int>& axes) {
  require_defined("transpose", x);
  Shape shape = x.shape();
  const Strides from = strides_of(x.shape());
  Strides strides;
  std::vector<int> inverse(axes.size(), -1);
  if (static_cast<int>(axes.size()) != x.rank()) {
    fail("transpose: {} axes are needed, got {} [x {}]", x.rank(), axes.size(), x.shape().str());
  }
  for (int i = 0; i < x.rank(); ++i) {
    const int axis = detail::resolve("transpose", x.shape(), axes[static_cast<std::size_t>(i)]);
    int& place = inverse[static_cast<std::size_t>(axis)];
    if (place != -1) fail("transpose: axis {} comes twice [x {}]", axis, x.shape().str());
    place = i;
    shape = shape.with(i, x.size(axis));
    strides.step[i] = from.step[axis];
  }
  return record("transpose", strided("transpose", x, shape, strides),
                wrt(x, [inverse](const Tensor& g) { return transpose(g, inverse); }));
}

Tensor broadcast_to(const Tensor& x, const Shape& shape) {
  require_defined("broadcast_to", x);
  if (x.shape() == shape) return x;
  if (broadcast_shapes("broadcast_to", x.shape(), shape) != shape) {
    fail("broadcast_to: {} does not broadcast to {}", x.shape().str(), shape.str());
  }
  Strides strides;
  broadcast_steps(x.shape(), shape, strides.step);
  return record("broadcast_to", strided("broadcast_to", x, shape, strides),
                wrt(x, [](const Tensor& g) { return g; }));  // the engine sums
}

Tensor concatenate(const Tensors& xs, int axis) {
  if (xs.empty()) fail("concatenate: at least one tensor is needed");
  for (const Tensor& x : xs) require_defined("concatenate", x);
  const int along = detail::resolve("concatenate", xs[0].shape(), axis);
  std::int64_t total = 0;
  for (const Tensor& x : xs) {
    if (x.rank() != xs[0].rank() || x.dtype() != xs[0].dtype() ||
        x.shape().with(along, 0) != xs[0].shape().with(along, 0)) {
      fail("concatenate: shapes must agree but for axis {} [{} {}, {} {}]", axis,
           name(xs[0].dtype()), xs[0].shape().str(), name(x.dtype()), x.shape().str());
    }
    total += x.size(along);
  }
  const Shape shape = xs[0].shape().with(along, total);
  Tensor y = Tensor::empty(shape, xs[0].dtype(), "concatenate");
  std::int64_t at = 0;
  const std::int64_t outer = shape.outer(along), inner = shape.inner(along);
  for (const Tensor& x : xs) {
    const std::int64_t width = x.size(along) * inner;
    detail::copy_elements(x, y, [&](const auto* from, auto* to) {
      for (std::int64_t o = 0; o < outer; ++o) {
        std::copy_n(from + o * width, width, to + (o * total + at) * inner);
      }
    });
    at += x.size(along);
  }
  std::vector<std::int64_t> sizes;
  for (const Tensor& x : xs) sizes.push_back(x.size(along));
  const auto pullback = [sizes, along](const Tensors& g, const std::vector<bool>& wanted) {
    std::vector<Gradient> parts(sizes.size());
    std::int64_t begin = 0;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (wanted[i]) parts[i] = slice(g[0], along, begin, begin + sizes[i]);
      begin += sizes[i];
    }
    return parts;
  };
  return record_fused("concatenate", {y}, xs, pullback)[0];
}

Tensor stack(const Tensors& xs, int axis) {
  if (xs.empty()) fail("stack: at least one tensor is needed");
  Tensors expanded;
  for (const Tensor& x : xs) {
    require_defined("stack", x);
    if (x.shape() != xs[0].shape() || x.dtype() != xs[0].dtype()) {
      fail("stack: shapes must agree [{} {}, {} {}]", name(xs[0].dtype()), xs[0].shape().str(),
           name(x.dtype()), x.shape().str());
    }
    expanded.push_back(reshape(x, with_new_axis("stack", x, axis)));
  }
  return concatenate(expanded, axis);
}

Tensor slice(const Tensor& x, int axis, std::int64_t begin, std::int64_t end) {
  require_defined("slice", x);
  const int along = detail::resolve("slice", x.shape(), axis);
  const std::int64_t size = x.size(along);
  const std::int64_t from = begin < 0 ? begin + size : begin, to = end < 0 ? end + size : end;
  if (from < 0 || to < from || to > size) {
    fail("slice: [{}, {}) is no part of axis {} of size {} [x {}]", begin, end, axis, size,
         x.shape().str());
  }
  const Strides strides = strides_of(x.shape());
  return record("slice", strided("slice", x, x.shape().with(along, to - from), strides,
                                 from * strides.step[along]),
                wrt(x, [along, from, after = size - to](const Tensor& g) {
                  return pad(g, along, from, after);
                }));
}

std::vector<Tensor> split(const Tensor& x, int parts, int axis) {
  require_defined("split", x);
  const std::int64_t size = x.size(detail::resolve("split", x.shape(), axis));
  if (parts < 1 || size % parts != 0) {
    fail("split: axis {} of size {} does not divide into {} [x {}]", axis, size, parts,
         x.shape().str());
  }
  std::vector<Tensor> pieces;
  for (int p = 0; p < parts; ++p) {
    pieces.push_back(slice(x, axis, p * (size / parts), (p + 1) * (size / parts)));
  }
  return pieces;
}

Tensor flip(const Tensor& x, int axis) {
  require_defined("flip", x);
  const int along = detail::resolve("flip", x.shape(), axis);
  Strides strides = strides_of(x.shape());
  const std::int64_t last = (x.size(along) - 1) * strides.step[along];
  strides.step[along] *= -1;
  return record("flip", strided("flip", x, x.shape(), strides, last),
                wrt(x, [along](const Tensor& g) { return flip(g, along); }));
}

Tensor pad(const Tensor& x, int axis, std::int64_t before, std::int64_t after) {
  const float* from = detail::floats("pad", x);
  constexpr std::int64_t most = std::int64_t{1} << 40;  // no sum of them overflows
  if (before < 0 || after < 0 || before > most || after > most) {
    fail("pad: sizes are at least 0 and at most {}, got {} and {}", most, before, after);
  }
  const int along = detail::resolve("pad", x.shape(), axis);
  const std::int64_t size = x.size(along);
  const Shape shape = x.shape().with(along, before + size + after);
  Tensor y = zeros(shape);
  const Strides strides = strides_of(shape);
  if (x.elements() > 0) {
    kernels::scatter_strided(x.rank(), x.shape().begin(), strides.step, from,
                             y.mutable_floats().data() + before * strides.step[along]);
  }
  return record("pad", y, wrt(x, [along, before, size](const Tensor& g) {
                  return slice(g, along, before, before + size);
                }));
}

Tensor take(const Tensor& table, const Tensor& ids, const char* who) {
  detail::require(who, table, DType::float32);
  detail::require(who, ids, DType::int32);
  if (table.rank() < 1) fail("{}: a table has rows, got a scalar", who);
  const std::int64_t count = table.size(0), width = table.shape().inner(0);
  std::int64_t at = 0;
  for (const std::int32_t id : ids.ints()) {
    if (id < 0 || id >= count) {
      fail("{}: id {} at {} is outside [0, {})", who, id, ids.shape().place(at).str(), count);
    }
    ++at;
  }
  std::vector<std::int64_t> sizes(ids.shape().begin(), ids.shape().end());
  sizes.insert(sizes.end(), table.shape().begin() + 1, table.shape().end());
  Tensor y = Tensor::empty(Shape(sizes), DType::float32, who);
  // Only these rows are looked at, so only these must be up to date.
  const auto* rows = static_cast<const float*>(table.storage()->read_rows(ids.ints(), count));
  kernels::gather_rows(rows, ids.ints().data(), ids.elements(), width, y.mutable_floats().data());
  return record("take", y, wrt(table, [ids, shape = table.shape(), width](const Tensor& g) {
                  const std::int64_t n = ids.elements();
                  return Gradient(shape, Rows{ids.reshaped({n}), g.reshaped({n, width})});
                }));
}

}  // namespace kindling
