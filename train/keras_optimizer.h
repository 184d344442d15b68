// An optimizer's state as Keras's optimizers keep it, and back. For source files.
#pragma once

#include <string>

#include <kindling/io/archives/keras.h>
#include <kindling/optim/optimizer.h>

namespace kindling {

// The optimizer's variables, in Keras's order; `weights` are the model's in that order too. Fails
// for what has no place there.
KerasTraining optimizer_to_keras(const Optimizer& optimizer, const Weights& weights);

// Puts them into an optimizer that was made of the same config. `weights` as above, `all` in the
// model's own order.
void optimizer_from_keras(const Optimizer& optimizer, const KerasTraining& training,
                          const Weights& weights, const Weights& all, const std::string& what);

}  // namespace kindling
