#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/same_tensors.h"

#include <kindling/io/archives/npz.h>

using namespace kindling;

namespace {

const fuzz::Target npz_target("npz", [](std::string_view input) {
  fuzz::refuse_or([&] {
    const TensorFile file = parse_npz(input, "f");
    for (const auto& [name, x] : file.tensors) {
      fuzz::require(fuzz::same(file.at(name), x), "names are of one tensor each");
    }
  });
});

}  // namespace
