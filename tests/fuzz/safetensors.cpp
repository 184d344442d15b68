#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/same_tensors.h"

using namespace kindling;

namespace {

const fuzz::Target safetensors_target("safetensors", [](std::string_view input) {
  fuzz::refuse_or([&] {
    const TensorFile file = parse_safetensors(input, "f");
    const TensorFile again =
        parse_safetensors(safetensors_bytes(file.tensors, file.metadata), "again");
    fuzz::require(fuzz::same(file, again), "what is read, written and read is the same");
  });
});

}  // namespace
