#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/same_tensors.h"

#include <kindling/io/archives/npz.h>

using namespace kindling;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::refuse_or([&] {
    const TensorFile file = parse_npz(fuzz::text(data, size), "f");
    for (const auto& [name, x] : file.tensors) {
      fuzz::require(fuzz::same(file.at(name), x), "names are of one tensor each");
    }
  });
  return 0;
}
