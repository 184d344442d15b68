#include <kindling/layers/dropout.h>

#include <kindling/autograd/elementwise.h>
#include <kindling/tensor/fail.h>

namespace kindling {

void DropoutImpl::fields(Fields& f) {
  f("rate", options_.rate);
  f("seed", options_.seed);
}

void DropoutImpl::check_options() const {
  if (!(options_.rate >= 0 && options_.rate < 1)) {
    fail("{}: rate is in [0, 1), got {}", who(), static_cast<double>(options_.rate));
  }
}

Tensors DropoutImpl::call(const Tensors& inputs, const Call& call) {
  if (!call.training || options_.rate == 0) return inputs;
  std::optional<Generator> generator = generator_.get();
  const Tensor y = dropout(inputs[0], options_.rate, options_.seed, generator,
                           noise_shape(inputs[0].shape()));
  generator_.set(generator);
  return {y};
}

void SpatialDropout1DImpl::check(const Shapes& inputs) const {
  check_count(inputs, 1);
  check_rank(inputs[0], 3, "(batch, steps, channels)");
}

Tensor dropout(const Tensor& x, double rate, const std::optional<std::int64_t>& seed,
               std::optional<Generator>& generator, const std::optional<Shape>& noise) {
  if (!generator) generator = seeded_generator(seed);
  Tensor keep = Tensor::empty(noise.value_or(x.shape()), DType::boolean);
  generator->fill_bernoulli(keep.mutable_bools().data(), keep.elements(),
                            1 - rate);
  return x * (cast(keep, DType::float32) * (1 / (1 - rate)));
}

}  // namespace kindling
