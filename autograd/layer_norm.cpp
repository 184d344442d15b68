#include <kindling/autograd/graph.h>
#include <kindling/autograd/operands.h>
#include <kindling/autograd/sequence.h>
#include <kindling/tensor/kernels/layer_norm.h>
#include <kindling/tensor/kernels/reduce.h>

namespace kindling {

Tensor layer_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double epsilon) {
  const float* const in = detail::floats("layer_norm", x);
  detail::require_if_defined("layer_norm", gamma, DType::float32);
  detail::require_if_defined("layer_norm", beta, DType::float32);
  const std::int64_t n = x.rank() > 0 ? x.size(-1) : 0;
  const auto fits = [&](const Tensor& t) { return !t.defined() || t.shape() == Shape{n}; };
  if (x.rank() == 0 || !fits(gamma) || !fits(beta)) {
    const auto shape = [](const Tensor& t) { return t.defined() ? t.shape().str() : "none"; };
    fail("layer_norm: x is (..., n), gamma and beta are (n,) [x {}, gamma {}, beta {}]",
         x.shape().str(), shape(gamma), shape(beta));
  }
  const std::int64_t rows = n > 0 ? x.elements() / n : 0;
  Tensor y = Tensor::empty(x.shape(), DType::float32, "layer_norm");
  Tensor statistics = Tensor::empty({rows, 2});
  kernels::layer_norm(in, detail::floats_or_null(gamma), detail::floats_or_null(beta),
                      static_cast<float>(epsilon), rows, n, y.mutable_floats().data(),
                      statistics.mutable_floats().data());
  const auto pullback = [=](const Tensors& gradients, const std::vector<bool>& wanted) {
    const float* const g = gradients[0].floats().data();
    Tensor dx = Tensor::empty(x.shape()), scaled = Tensor::empty(x.shape());
    kernels::layer_norm_gradient(x.floats().data(), statistics.floats().data(),
                                 wanted[0] ? detail::floats_or_null(gamma) : nullptr, g, rows, n,
                                 dx.mutable_floats().data(), scaled.mutable_floats().data());
    const auto over_rows = [&](const float* from) {
      Tensor total = Tensor::empty({n});
      kernels::sum(from, 1, rows, n, total.mutable_floats().data());
      return total;
    };
    std::vector<Gradient> to(3);
    if (wanted[0]) to[0] = dx;
    if (wanted[1]) to[1] = over_rows(scaled.floats().data());
    if (wanted[2]) to[2] = over_rows(g);
    return to;
  };
  return record_fused("layer_norm", {y}, {x, gamma, beta}, pullback)[0];
}

}  // namespace kindling
