#include "tests/hostile/odd_files.h"

#include <kindling/io/archives/h5.h>
#include <kindling/io/archives/npz.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/symbolic.h>
#include <kindling/train/model.h>

using namespace kindling;

TEST_CASE("only regular files are read as archives") {
  const auto input = Input({.shape = {1}});
  const Model model({input}, Dense({.units = 1})(input));
  check_odd_files("x.npz", read_npz);
  check_odd_files("x.h5", read_h5);
  for (const char* name : {"m.keras", "m.h5"}) {
    check_odd_files(name, [](const std::string& path) { Model::load(path); });
  }
  for (const char* name : {"m.keras", "m.weights.h5", "m.npz"}) {
    check_odd_files(name, [&](const std::string& path) { model.load_weights(path); });
  }
}
