// MaxPooling1D and AveragePooling1D: the largest, or the mean, of each channel over a window that
// slides over the steps of a sequence.
//
// Options   pool_size, strides (if not given: pool_size), padding (valid: windows inside the
//           sequence; same: as many results as steps / strides, what lies outside doesn't count),
//           data_format (channels_first: (batch, channels, steps)).
// Shapes    (batch, steps, channels) -> (batch, steps', channels)
// Masks     none: the input's ends here, with a warning.
// Errors    sizes below 1; padding causal; fewer steps than a window (valid).
// Gradient  of equal largest steps, the first in a window gets it.
// Example   Tensor y = MaxPooling1D({.pool_size = 3})(random_normal({2, 30, 8}));   // (2, 10, 8)
// Source    keras.layers.MaxPooling1D, keras.layers.AveragePooling1D.
#pragma once

#include <optional>

#include <kindling/autograd/sequence.h>
#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct Pooling1DOptions {
  std::int64_t pool_size = 2;
  std::optional<std::int64_t> strides = {};
  Padding padding = Padding::valid;
  DataFormat data_format = DataFormat::channels_last;
  std::string name = {};
};

class Pooling1DImpl : public LayerImpl {
 public:
  using Options = Pooling1DOptions;
  void fields(Fields& f) override;
  void check_options() const override;
  void check(const Shapes& inputs) const override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;

 protected:
  using Pool = Tensor (*)(const Tensor&, const PoolShape&);
  Pooling1DImpl(const char* class_name, Options options, Pool pool)
      : LayerImpl(class_name, options.name), options_(std::move(options)), pool_(pool) {}

 private:
  bool last() const { return options_.data_format == DataFormat::channels_last; }
  std::int64_t strides() const { return options_.strides.value_or(options_.pool_size); }

  Options options_;
  Pool pool_;
};

struct MaxPooling1DImpl : Pooling1DImpl {
  explicit MaxPooling1DImpl(Options o)
      : Pooling1DImpl("MaxPooling1D", std::move(o), max_pool1d) {}
};
using MaxPooling1D = Handle<MaxPooling1DImpl>;

struct AveragePooling1DImpl : Pooling1DImpl {
  explicit AveragePooling1DImpl(Options o)
      : Pooling1DImpl("AveragePooling1D", std::move(o), average_pool1d) {}
};
using AveragePooling1D = Handle<AveragePooling1DImpl>;

}  // namespace kindling
#pragma GCC visibility pop
