#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/same_tensors.h"

#include <kindling/io/npy.h>

using namespace kindling;

namespace {

const fuzz::Target npy_target("npy", [](std::string_view input) {
  fuzz::refuse_or([&] {
    const Tensor x = parse_npy(input, "f");
    fuzz::require(fuzz::same(parse_npy(npy_bytes(x), "again"), x),
                  "what is read, written and read is the same");
  });
});

}  // namespace
