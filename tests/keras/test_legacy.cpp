// Whole models in .h5, as Keras 2 and 3 saved them (make_legacy.py).
#include <kindling/train/keras.h>

#include "tests/keras/archives.h"
#include "tests/keras/saved.h"

using namespace kindling;

TEST_CASE("Whole models in .h5 predict what they should, and become archives") {
  for (const std::string name : {"legacy_functional", "legacy_sequential", "legacy_siamese"}) {
    INFO(name);
    const Model model = load_keras(keras_file(name + ".h5"));
    check_predictions(model, name, 1e-6);
    CHECK(model.compile_options() == nullptr);
    check_keras_round_trip(model, io_of(name, "input"));
    randomize(model);
    model.load_weights(keras_file(name + ".h5"));
    check_predictions(model, name, 1e-6);
  }
}
