// Dropout: in training, sets a fraction of the elements to 0 at random and scales the others up by
// as much; otherwise nothing. SpatialDropout1D does so with whole channels of a sequence.
//
// Options   rate in [0, 1), seed.
// Shapes    any float32 -> the same; SpatialDropout1D: (batch, steps, channels)
// Masks     passed on.
// Errors    a rate outside [0, 1).
// Example   Tensor y = Dropout({.rate = 0.5})(x, {.training = true});
// Source    keras.layers.Dropout, keras.layers.SpatialDropout1D.
#pragma once

#include <optional>

#include <kindling/layers/generator_state.h>
#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct DropoutOptions {
  Required<double, struct DropoutOptions_rate> rate;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
};

class DropoutImpl : public LayerImpl {
 public:
  using Options = DropoutOptions;
  explicit DropoutImpl(Options options, const char* class_name = "Dropout")
      : LayerImpl(class_name, options.name), options_(std::move(options)) {
    supports_masking_ = true;
    passes_masks_unseen_ = true;
  }
  void fields(Fields& f) override;
  void state(Fields& f) override { generator_.field(f, "generator"); }
  void check_options() const override;
  void check(const Shapes& inputs) const override { check_count(inputs, 1); }
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call&) override { return inputs; }

 protected:
  virtual Shape noise_shape(const Shape& input) const { return input; }

 private:
  Options options_;
  CallState<std::optional<Generator>> generator_;
};
using Dropout = Handle<DropoutImpl>;

class SpatialDropout1DImpl : public DropoutImpl {
 public:
  explicit SpatialDropout1DImpl(Options options)
      : DropoutImpl(std::move(options), "SpatialDropout1D") {}
  void check(const Shapes& inputs) const override;

 protected:
  Shape noise_shape(const Shape& input) const override { return input.with(1, 1); }
};
using SpatialDropout1D = Handle<SpatialDropout1DImpl>;

// The operation. A generator is made at the first use: from the seed, or from the global one.
// Numbers that share an element of `noise`, which broadcasts to x, share their fate.
Tensor dropout(const Tensor& x, double rate, const std::optional<std::int64_t>& seed,
               std::optional<Generator>& generator, const std::optional<Shape>& noise = {});

}  // namespace kindling
#pragma GCC visibility pop
