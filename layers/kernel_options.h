// The options that layers with a kernel share, by the names they have in Keras. For source files.
#pragma once

#include <kindling/layers/layer.h>

namespace kindling::detail {

// Lists what `options` has of them.
template <class Options>
void kernel_fields(Fields& f, Options& o) {
  f("use_bias", o.use_bias);
  f("kernel_initializer", o.kernel_initializer);
  f("bias_initializer", o.bias_initializer);
  f("kernel_regularizer", o.kernel_regularizer);
  f("bias_regularizer", o.bias_regularizer);
  f("activity_regularizer", o.activity_regularizer);
  f("kernel_constraint", o.kernel_constraint);
  f("bias_constraint", o.bias_constraint);
  if constexpr (requires { o.recurrent_initializer; }) {
    f("recurrent_initializer", o.recurrent_initializer);
    f("recurrent_regularizer", o.recurrent_regularizer);
    f("recurrent_constraint", o.recurrent_constraint);
  }
}

template <class Options>
WeightOptions kernel_weight(const Options& o) {
  return {.regularizer = o.kernel_regularizer, .constraint = o.kernel_constraint};
}
template <class Options>
WeightOptions bias_weight(const Options& o) {
  return {.regularizer = o.bias_regularizer, .constraint = o.bias_constraint};
}

}  // namespace kindling::detail
