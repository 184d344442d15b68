// What a build without zlib and HDF5 says.
#include "tests/catch.h"

#include <kindling/io/archives/h5.h>
#include <kindling/io/archives/keras.h>
#include <kindling/io/archives/npz.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/symbolic.h>
#include <kindling/train/keras.h>

using namespace kindling;

namespace {

const std::string why =
    ": this build reads and writes no archives; configure it with -DKINDLING_ARCHIVES=ON, which "
    "needs zlib and HDF5 (Debian: zlib1g-dev, libhdf5-dev)";

}  // namespace

TEST_CASE("archives that were left out of the build say so") {
  CHECK(message_of([] { read_npz("x.npz"); }) == "npz" + why);
  CHECK(message_of([] { parse_npz("", "x.npz"); }) == "npz" + why);
  CHECK(message_of([] { npz_bytes({}); }) == "npz" + why);
  CHECK(message_of([] { write_npz("x.npz", {}); }) == "npz" + why);
  CHECK(message_of([] { read_h5("x.h5"); }) == "h5" + why);
  CHECK(message_of([] { h5_bytes({}); }) == "h5" + why);
  CHECK(message_of([] { write_h5("x.h5", {}); }) == "h5" + why);
}

TEST_CASE("Keras's files that were left out of the build say so") {
  const SymbolicTensor x = Input({.shape = {2}});
  const Model model(x, Dense({.units = 1})(x));
  for (const auto& use : std::vector<std::function<void()>>{
           [] { load_keras("x.keras"); }, [] { parse_keras("", "x.keras"); },
           [] { Model::load("x.keras"); }, [&] { save_keras(model, "x.keras"); },
           [&] { model.save("x.keras"); }, [&] { model.save_weights("x.weights.h5"); },
           [&] { model.load_weights("x.weights.h5"); }, [&] { in_keras_order(model); },
           [] { objects_from_keras({}, "x"); }}) {
    CHECK(message_of(use) == "keras" + why);
  }
}
