#include "tests/fuzz/fuzz.h"

#include <kindling/io/archives/keras.h>

using namespace kindling;

namespace {

// A whole model of Keras 2's is read, or refused by itself; archives are for others.
const fuzz::Target keras_legacy_target("keras_legacy", [](std::string_view input) {
  if (input.starts_with("PK")) return;
  fuzz::refuse_or([&] {
    const KerasModel read = parse_keras(input, "f");
    fuzz::require(read.weights.size() <= read.model.weights().size(), "a weight is there once");
  });
});

}  // namespace
