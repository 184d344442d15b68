#include <kindling/autograd/graph.h>
#include <kindling/autograd/operands.h>
#include <kindling/autograd/sequence.h>
#include <kindling/tensor/kernels/pooling.h>

namespace kindling {
namespace {

kernels::PoolGeometry geometry(const char* who, const Tensor& x, const PoolShape& o) {
  detail::require(who, x, DType::float32);
  if (x.rank() != 3) fail("{}: x is (batch, steps, channels), got {}", who, x.shape().str());
  constexpr std::int64_t most = std::int64_t{1} << 31;  // so that no sum of products overflows
  const auto within = [](std::int64_t n, std::int64_t least, std::int64_t limit) {
    return n >= least && n < limit;
  };
  if (!within(o.size, 1, most) || !within(o.stride, 1, most) || !within(o.pad_left, 0, o.size) ||
      !within(o.pad_right, 0, o.size)) {
    fail("{}: size and stride are at least 1 and at most {}, pads at least 0 and below size, got "
         "{}, {}, {} and {}", who, most - 1, o.size, o.stride, o.pad_left, o.pad_right);
  }
  const std::int64_t padded = x.size(1) + o.pad_left + o.pad_right;
  if (padded < o.size && x.size(1) > 0) {
    fail("{}: {} steps are fewer than the window's {} [x {}]", who, padded, o.size,
         x.shape().str());
  }
  return {.batch = x.size(0), .steps = x.size(1), .channels = x.size(2),
          .windows = x.size(1) == 0 ? 0 : (padded - o.size) / o.stride + 1,
          .size = o.size, .stride = o.stride, .pad_left = o.pad_left};
}

Tensor result(const char* who, const kernels::PoolGeometry& p) {
  return Tensor::empty({p.batch, p.windows, p.channels}, DType::float32, who);
}

}  // namespace

Tensor max_pool1d(const Tensor& x, const PoolShape& options) {
  const kernels::PoolGeometry p = geometry("max_pool1d", x, options);
  Tensor y = result("max_pool1d", p);
  kernels::max_pool(p, x.floats().data(), y.mutable_floats().data());
  return record("max_pool1d", y, wrt(x, [p, x, y](const Tensor& g) {
                  Tensor dx = Tensor::empty(x.shape());
                  kernels::max_pool_gradient(p, x.floats().data(), y.floats().data(),
                                             g.floats().data(), dx.mutable_floats().data());
                  return dx;
                }));
}

Tensor average_pool1d(const Tensor& x, const PoolShape& options) {
  const kernels::PoolGeometry p = geometry("average_pool1d", x, options);
  Tensor y = result("average_pool1d", p);
  kernels::average_pool(p, x.floats().data(), y.mutable_floats().data());
  return record("average_pool1d", y, wrt(x, [p, shape = x.shape()](const Tensor& g) {
                  Tensor dx = Tensor::empty(shape);
                  kernels::average_pool_gradient(p, g.floats().data(), dx.mutable_floats().data());
                  return dx;
                }));
}

}  // namespace kindling
