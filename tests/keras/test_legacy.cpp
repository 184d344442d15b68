// Whole models in .h5, as Keras 2 and 3 saved them (make_legacy.py).
#include <kindling/train/keras.h>

#include "tests/keras/archives.h"
#include "tests/keras/saved.h"

using namespace kindling;

namespace {

void check_predictions(const Model& model, const std::string& name) {
  const Tensors got = model.predict_all(io_of(name, "input"));
  const Tensors expected = io_of(name, "output");
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) check_close(got[i], expected[i], 1e-6);
}

}  // namespace

TEST_CASE("Whole models in .h5 predict what they should, and become archives") {
  for (const std::string name : {"legacy_functional", "legacy_sequential", "legacy_siamese"}) {
    INFO(name);
    const Model model = load_keras(keras_file(name + ".h5"));
    check_predictions(model, name);
    CHECK(model.compile_options() == nullptr);
    check_keras_round_trip(model, io_of(name, "input"));
    randomize(model);
    model.load_weights(keras_file(name + ".h5"));
    check_predictions(model, name);
  }
}
