#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/same_tensors.h"

using namespace kindling;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::refuse_or([&] {
    const TensorFile file = parse_safetensors(fuzz::text(data, size), "f");
    const TensorFile again =
        parse_safetensors(safetensors_bytes(file.tensors, file.metadata), "again");
    fuzz::require(fuzz::same(file, again), "what is read, written and read is the same");
  });
  return 0;
}
