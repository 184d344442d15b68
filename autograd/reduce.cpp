#include <kindling/autograd/reduce.h>

#include <algorithm>
#include <cmath>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/graph.h>
#include <kindling/autograd/operands.h>
#include <kindling/autograd/overflow.h>
#include <kindling/autograd/shaping.h>
#include <kindling/tensor/broadcast.h>
#include <kindling/tensor/kernels/reduce.h>

namespace kindling {
namespace {

using Kernel = void (*)(const float*, std::int64_t, std::int64_t, std::int64_t, float*);

// What a reduction over some axes makes: its shape with those axes kept as 1, and without.
struct Plan {
  std::vector<int> axes;  // ascending
  Shape kept, dropped;
  std::int64_t count = 1;  // elements that become one
};

Plan plan(const char* who, const Tensor& x, const ReduceOptions& options) {
  detail::require(who, x, DType::float32);
  Plan p;
  p.kept = x.shape();
  std::vector<int> axes;
  for (const int axis : options.axis) {
    axes.push_back(detail::resolve(who, x.shape(), axis));
    if (std::ranges::count(axes, axes.back()) > 1) {
      fail("{}: axis {} comes twice [x {}]", who, axis, x.shape().str());
    }
  }
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (!axes.empty() && std::ranges::find(axes, axis) == axes.end()) continue;
    p.axes.push_back(axis);
    p.kept = p.kept.with(axis, 1);
    p.count *= x.size(axis);
  }
  p.dropped = p.kept;
  for (auto a = p.axes.rbegin(); a != p.axes.rend(); ++a) p.dropped = p.dropped.without(*a);
  return p;
}

// Reduces neighbouring axes in one go, last ones first.
Tensor reduced(const char* who, Kernel kernel, const Tensor& x, const Plan& p) {
  Tensor y = x.reshaped(x.shape());
  for (std::size_t last = p.axes.size(); last > 0;) {
    std::size_t first = last - 1;
    while (first > 0 && p.axes[first - 1] == p.axes[first] - 1) --first;
    Shape shape = y.shape();
    std::int64_t n = 1;
    for (std::size_t i = first; i < last; ++i) {
      n *= shape[p.axes[i]];
      shape = shape.with(p.axes[i], 1);
    }
    Tensor next = Tensor::empty(shape, DType::float32, who);
    kernel(y.floats().data(), shape.outer(p.axes[first]), n, shape.inner(p.axes[last - 1]),
           next.mutable_floats().data());
    y = next;
    last = first;
  }
  return y;
}

Tensor extreme(const char* who, Kernel kernel, const Tensor& x, const ReduceOptions& options) {
  const Plan p = plan(who, x, options);
  if (p.count == 0) fail("{}: no element to choose from [x {}]", who, x.shape().str());
  const Tensor y = reduced(who, kernel, x, p);
  return record(who, y.reshaped(options.keepdims ? p.kept : p.dropped),
                wrt(x, [x, y, p](const Tensor& g) {
                  const Tensor chosen = cast(equal(x, y), DType::float32);
                  const Tensor ties = reduced("sum", kernels::sum, chosen, p);
                  return chosen * (g.reshaped(p.kept) / ties);
                }));
}

// Runs f on the last axis of x, whichever axis is meant.
template <class F>
Tensor along_last(const char* who, const Tensor& x, int axis, F f) {
  const int a = detail::resolve(who, x.shape(), axis);
  if (a == x.rank() - 1) return f(x);
  std::vector<int> swap;
  for (int i = 0; i < x.rank(); ++i) swap.push_back(i);
  std::swap(swap[static_cast<std::size_t>(a)], swap.back());
  return transpose(f(transpose(x, swap)), swap);
}

using RowKernel = void (*)(const float*, std::int64_t, std::int64_t, float*);
using RowGradient = void (*)(const float*, const float*, std::int64_t, std::int64_t, float*);

std::int64_t rows_of(const Tensor& x) { return x.size(-1) ? x.elements() / x.size(-1) : 0; }

Tensor row_gradient(RowGradient kernel, const Tensor& g, const Tensor& y) {
  Tensor dx = Tensor::empty(y.shape());
  kernel(g.floats().data(), y.floats().data(), rows_of(y), y.size(-1), dx.mutable_floats().data());
  return dx;
}

Tensor by_rows(const char* who, const Tensor& x, int axis, RowKernel kernel,
               RowGradient gradient) {
  detail::require(who, x, DType::float32);
  return along_last(who, x, axis, [&](const Tensor& rows) {
    Tensor y = Tensor::empty(rows.shape(), DType::float32, who);
    kernel(rows.floats().data(), rows_of(rows), rows.size(-1), y.mutable_floats().data());
    return record(who, y, wrt(rows, [y, gradient](const Tensor& g) {
                    return row_gradient(gradient, g, y);
                  }));
  });
}

}  // namespace

Tensor sum(const Tensor& x, const ReduceOptions& options) {
  const Plan p = plan("sum", x, options);
  return record("sum", reduced("sum", kernels::sum, x, p)
                           .reshaped(options.keepdims ? p.kept : p.dropped),
                wrt(x, [kept = p.kept, shape = x.shape()](const Tensor& g) {
                  return broadcast_to(g.reshaped(kept), shape);
                }));
}

Tensor mean(const Tensor& x, const ReduceOptions& options) {
  const Plan p = plan("mean", x, options);
  return sum(x, options) / static_cast<double>(p.count);
}

Tensor max(const Tensor& x, const ReduceOptions& options) {
  return extreme("max", kernels::max, x, options);
}

Tensor min(const Tensor& x, const ReduceOptions& options) {
  return extreme("min", kernels::min, x, options);
}

Tensor argmax(const Tensor& x, int axis) {
  detail::require("argmax", x, DType::float32);
  const int a = detail::resolve("argmax", x.shape(), axis);
  if (x.size(a) == 0) fail("argmax: no element to choose from [x {}]", x.shape().str());
  Tensor y = Tensor::empty(x.shape().without(a), DType::int32, "argmax");
  kernels::argmax(x.floats().data(), x.shape().outer(a), x.size(a), x.shape().inner(a),
                  y.mutable_ints().data());
  return y;
}

Tensor detail::without_overflow(const Tensor& x, const std::vector<int>& axes) {
  if (x.elements() == 0) return scalar(1);
  Tensor scale = max(abs(stop_gradient(x)), {.axis = axes, .keepdims = true}).clone();
  for (float& v : scale.mutable_floats()) {
    v = v > 1e9f && std::isfinite(v) ? std::ldexp(1.0f, std::ilogb(v)) : 1.0f;
  }
  return scale;
}

Tensor l2_normalize(const Tensor& x, int axis) {
  detail::require("l2_normalize", x, DType::float32);
  detail::resolve("l2_normalize", x.shape(), axis);
  const Tensor unit = x / detail::without_overflow(x, {axis});
  // The limit under the root keeps the derivative finite at 0.
  return unit / sqrt(maximum(sum(square(unit), {.axis = {axis}, .keepdims = true}), scalar(1e-14)));
}

// y = exp(x) / sum(exp(x));  dx = y (g - sum(g y))
Tensor softmax(const Tensor& x, int axis) {
  return by_rows("softmax", x, axis, kernels::softmax, kernels::softmax_gradient);
}

// y = x - log(sum(exp(x)));  dx = g - exp(y) sum(g)
Tensor log_softmax(const Tensor& x, int axis) {
  return by_rows("log_softmax", x, axis, kernels::log_softmax, kernels::log_softmax_gradient);
}

Tensor masked_softmax(const Tensor& x, const Tensor& mask) {
  detail::require("masked_softmax", x, DType::float32);
  detail::require("masked_softmax", mask, DType::boolean);
  detail::resolve("masked_softmax", x.shape(), -1);
  if (broadcast_shapes("masked_softmax", x.shape(), mask.shape()) != x.shape()) {
    fail("masked_softmax: the mask does not broadcast to x [x {}, mask {}]", x.shape().str(),
         mask.shape().str());
  }
  const Tensor m = broadcast_to(mask, x.shape());
  Tensor y = Tensor::empty(x.shape(), DType::float32, "masked_softmax");
  kernels::masked_softmax(x.floats().data(), m.bools().data(), rows_of(x), x.size(-1),
                          y.mutable_floats().data());
  return record("masked_softmax", y, wrt(x, [y](const Tensor& g) {
                  return row_gradient(kernels::softmax_gradient, g, y);
                }));
}

}  // namespace kindling
