// The options that every optimizer has, out of its own aggregate: for the source files.
#pragma once

#include <kindling/optim/optimizer.h>

namespace kindling::detail {

template <class Options>
CommonOptimizerOptions common_of(const Options& o) {
  return {.learning_rate = o.learning_rate,
          .weight_decay = o.weight_decay,
          .clipnorm = o.clipnorm,
          .clipvalue = o.clipvalue,
          .global_clipnorm = o.global_clipnorm};
}

template <class Options>
void common_fields(Fields& f, Options& o) {
  f("learning_rate", o.learning_rate);
  f("weight_decay", o.weight_decay);
  f("clipnorm", o.clipnorm);
  f("clipvalue", o.clipvalue);
  f("global_clipnorm", o.global_clipnorm);
}

}  // namespace kindling::detail
