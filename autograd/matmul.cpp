#include <kindling/autograd/matmul.h>

#include <algorithm>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/operands.h>
#include <kindling/autograd/reduce.h>
#include <kindling/tensor/kernels/gemm.h>

namespace kindling {
namespace {

kernels::Matrix matrix(const Tensor& x, bool transposed) {
  return {x.floats().data(), x.size(-1), transposed};
}

Shape matrix_result(const Shape& leading, std::int64_t m, std::int64_t n) {
  const int rank = leading.rank();
  return leading.with(rank - 2, m).with(rank - 1, n);
}

// Of all matrices of x together.
std::int64_t rows_of(const Tensor& x) { return x.shape().outer(-1); }

// The product without history. Shapes are known to fit.
Tensor product(const Tensor& a, bool ta, const Tensor& b, bool tb, const char* who = "matmul") {
  const std::int64_t m = a.size(ta ? -1 : -2), k = a.size(ta ? -2 : -1), n = b.size(tb ? -2 : -1);
  const Shape shape = matrix_result(a.rank() >= b.rank() ? a.shape() : b.shape(), m, n);
  Tensor c = Tensor::empty(shape, DType::float32, who);
  float* out = c.mutable_floats().data();
  const kernels::Matrix left = matrix(a, ta), right = matrix(b, tb);
  if (b.rank() == 2 && !ta) {  // one matrix for all rows of a
    kernels::gemm(rows_of(a), n, k, left, right, 0, out, n);
    return c;
  }
  if (a.rank() == 2 && b.rank() == 2) {
    kernels::gemm(m, n, k, left, right, 0, out, n);
    return c;
  }
  const std::int64_t count = m * n > 0 ? c.elements() / (m * n) : 0;
  kernels::gemm_batch(count, m, n, k, left, a.rank() == 2 ? 0 : a.size(-1) * a.size(-2), right,
                      b.rank() == 2 ? 0 : b.size(-1) * b.size(-2), out, m * n);
  return c;
}

// The gradient for one operand, c = product(x, y), in the operand's shape: where it was one matrix
// for many, the engine's sum over the leading axes is folded into the product when it can be.
Tensor operand_gradient(const Tensor& x, bool tx, const Tensor& y, bool ty, const Shape& operand) {
  if (operand.rank() == 2 && x.rank() > 2 && y.rank() > 2 && tx && !ty) {
    return product(x.reshaped({rows_of(x), x.size(-1)}), true,
                   y.reshaped({rows_of(y), y.size(-1)}), false);
  }
  return product(x, tx, y, ty);
}

}  // namespace

Tensor dense(const Tensor& x, const Tensor& kernel, const Tensor& bias, Pointwise activation) {
  detail::require("dense", x, DType::float32);
  detail::require("dense", kernel, DType::float32);
  detail::require_if_defined("dense", bias, DType::float32);
  if (x.rank() < 1 || kernel.rank() != 2 || x.size(-1) != kernel.size(0)) {
    fail("dense: x (..., channels) and kernel (channels, units) don't fit [x {}, kernel {}]",
         x.shape().str(), kernel.shape().str());
  }
  const std::int64_t rows = x.shape().outer(-1), units = kernel.size(1);
  if (bias.defined() && bias.shape() != Shape{units}) {
    fail("dense: bias has a number a unit, {}, got {}", units, bias.shape().str());
  }
  const Tensor flat = x.reshaped({rows, kernel.size(0)});
  Tensor y = product(flat, false, kernel, false, "dense");
  kernels::finish_rows(detail::floats_or_null(bias), detail::kernels_of(activation).apply, rows,
                       units, y.mutable_floats().data());
  const Tensor saved = activation == Pointwise::linear ? Tensor() : y;
  const auto pullback = [activation, saved, flat, kernel, rows, units, shape = x.shape()](
                            const Tensors& g, const std::vector<bool>& wanted) {
    const Tensor dy = detail::before_activation(activation, g[0].reshaped({rows, units}), saved);
    std::vector<Gradient> to(3);
    if (wanted[0]) to[0] = product(dy, false, kernel, true).reshaped(shape);
    if (wanted[1]) to[1] = product(flat, true, dy, false);
    if (wanted[2]) to[2] = sum(dy, {.axis = {0}});
    return to;
  };
  const Tensor result = y.reshaped(x.shape().with(-1, units));
  return record_fused("dense", {result}, {x, kernel, bias}, pullback)[0];
}

Tensor matmul(const Tensor& a, const Tensor& b, const MatmulOptions& options) {
  detail::require("matmul", a, DType::float32);
  detail::require("matmul", b, DType::float32);
  const bool ta = options.transpose_a, tb = options.transpose_b;
  const auto operands = [&] {
    return fmt::format("[a {}{}, b {}{}]", a.shape().str(), ta ? " transposed" : "",
                       b.shape().str(), tb ? " transposed" : "");
  };
  if (a.rank() < 2 || b.rank() < 2) fail("matmul: both operands need two axes {}", operands());
  const std::int64_t k = a.size(ta ? -2 : -1), k2 = b.size(tb ? -1 : -2);
  if (k != k2) fail("matmul: inner dimensions differ, {} against {} {}", k, k2, operands());
  if (a.rank() > 2 && b.rank() > 2 &&
      (a.rank() != b.rank() ||
       !std::equal(a.shape().begin(), a.shape().end() - 2, b.shape().begin()))) {
    fail("matmul: leading axes differ {}", operands());
  }
  // c = op(a) op(b):  d op(a) = g op(b)^T,  d op(b) = op(a)^T g
  return record("matmul", product(a, ta, b, tb), wrt(a, [a, b, ta, tb](const Tensor& g) {
                  return ta ? operand_gradient(b, tb, g, true, a.shape())
                            : operand_gradient(g, false, b, !tb, a.shape());
                }),
                wrt(b, [a, b, ta, tb](const Tensor& g) {
                  return tb ? operand_gradient(g, true, a, ta, b.shape())
                            : operand_gradient(a, !ta, g, false, b.shape());
                }));
}

}  // namespace kindling
