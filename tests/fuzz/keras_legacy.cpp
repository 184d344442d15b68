#include "tests/fuzz/fuzz.h"

#include <kindling/io/archives/keras.h>

using namespace kindling;

// A whole model of Keras 2's is read, or refused by itself; archives are for others.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text(data, size);
  if (bytes.starts_with("PK")) return 0;
  fuzz::refuse_or([&] {
    const KerasModel read = parse_keras(bytes, "f");
    fuzz::require(read.weights.size() <= read.model.weights().size(), "a weight is there once");
  });
  return 0;
}
