#include <kindling/layers/anomaly.h>

#include <cmath>

#include <kindling/layers/observer.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

// Where the first number is that isn't finite; -1 if all are.
std::int64_t first_bad(const Tensor& x) {
  if (!x.defined() || x.dtype() != DType::float32) return -1;
  const std::span<const float> numbers = x.floats();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!std::isfinite(numbers[i])) return static_cast<std::int64_t>(i);
  }
  return -1;
}

std::string where(const std::string& layer) {
  return layer.empty() ? "outside of layers" : "in layer \"" + layer + "\"";
}

}  // namespace

void DetectAnomaly::on_forward(const char* name, std::uint64_t order, const Tensors& results,
                               const Tensors& inputs) {
  if (going_back_) return;
  const std::string layer = current_layer_path();
  for (const Tensor& result : results) {
    const std::int64_t at = first_bad(result);
    if (at < 0) continue;
    std::string from;
    for (const Tensor& input : inputs) {
      if (!input.defined()) continue;
      from += fmt::format("; input {}, {}", input.shape().str(),
                          first_bad(input) < 0 ? "which is finite" : "which isn't finite either");
    }
    fail("{} {}: made {} at {} [result {}{}]", name, where(layer),
         result.floats()[static_cast<std::size_t>(at)], result.shape().place(at).str(),
         result.shape().str(), from);
  }
  if (order > 0) layers_[order] = layer;
}

void DetectAnomaly::on_gradient(const char* name, std::uint64_t order, const Gradient& gradient) {
  const Tensor g = gradient.sparse() ? gradient.rows().back().values : gradient.dense();
  const std::int64_t at = first_bad(g);
  if (at < 0) return;
  going_back_ = false;
  fail("gradient of {} {}: is {} at {} [gradient {}]", name, where(layers_[order]),
       g.floats()[static_cast<std::size_t>(at)], g.shape().place(at).str(), g.shape().str());
}

}  // namespace kindling
