// In a build without libzip and HDF5.
#include "tests/catch.h"

#include <kindling/io/archives/npz.h>

using namespace kindling;

TEST_CASE("archives that were left out of the build say so") {
  const std::string why =
      ": this build reads and writes no archives; configure it with -DKINDLING_ARCHIVES=ON, which "
      "needs libzip and HDF5 (Debian: libzip-dev, libhdf5-dev)";
  CHECK(message_of([] { read_npz("x.npz"); }) == "npz" + why);
  CHECK(message_of([] { parse_npz("", "x.npz"); }) == "npz" + why);
  CHECK(message_of([] { npz_bytes({}); }) == "npz" + why);
  CHECK(message_of([] { write_npz("x.npz", {}); }) == "npz" + why);
}
