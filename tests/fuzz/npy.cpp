#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/same_tensors.h"

#include <kindling/io/npy.h>

using namespace kindling;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::refuse_or([&] {
    const Tensor x = parse_npy(fuzz::text(data, size), "f");
    fuzz::require(fuzz::same(parse_npy(npy_bytes(x), "again"), x),
                  "what is read, written and read is the same");
  });
  return 0;
}
