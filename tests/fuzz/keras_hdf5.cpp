#include "tests/fuzz/fuzz.h"

#include <kindling/io/archives/hdf5.h>

using namespace kindling;

namespace {

// All that is in a file can be read, or is refused by itself.
const fuzz::Target keras_hdf5_target("keras_hdf5", [](std::string_view input) {
  fuzz::refuse_or([&] {
    const hdf5::File file(std::string(input), "f");
    for (const std::string& group : file.groups()) {
      fuzz::require(file.has_group(group), "a group is there");
      for (const char* attribute : {"name", "layer_names", "n"}) {
        fuzz::refuse_or([&] { file.attribute(group, attribute); });
        fuzz::refuse_or([&] { file.texts(group, attribute); });
      }
    }
    for (const auto& entry : file.datasets()) {
      fuzz::refuse_or([&] {
        const Tensor read = file.read(entry.first);
        fuzz::require(read.shape() == entry.second.shape && read.dtype() == entry.second.dtype,
                      "a dataset is what it was said to be");
      });
    }
  });
});

}  // namespace
