// What Keras wrote: it predicts what Keras did, and comes back from a file of ours bit for bit.
#include <kindling/train/keras.h>

#include "tests/keras/archives.h"
#include "tests/keras/saved.h"

using namespace kindling;

namespace {

void check_predictions(const Model& model, const std::string& archive) {
  const Tensors got = model.predict_all(io_of(archive, "input"));
  const Tensors expected = io_of(archive, "output");
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) check_close(got[i], expected[i], 1e-5);
}

}  // namespace

TEST_CASE("The six archives predict what Keras did") {
  for (const std::string& name : archives) {
    INFO(name);
    check_predictions(load_keras(keras_file(name + ".keras")), name);
    check_predictions(Model::load(keras_file(name + ".keras")), name);
  }
}

TEST_CASE("The six archives come back from files of ours bit for bit") {
  for (const std::string& name : archives) {
    INFO(name);
    const Model model = load_keras(keras_file(name + ".keras"));
    const Model loaded = check_keras_round_trip(model, io_of(name, "input"));
    CHECK(names_of_layers(loaded) == names_of_layers(model));
    check_predictions(loaded, name);
    const Weights before = model.weights(), after = loaded.weights();
    REQUIRE(before.size() == after.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      CHECK(before[i].name == after[i].name);
      CHECK(same_bits(before[i].value, after[i].value));
    }
  }
}

TEST_CASE("Weights alone, as Keras wrote them and as we do") {
  const TemporaryFolder folder;
  for (const std::string& name : archives) {
    INFO(name);
    const Model model = load_keras(keras_file(name + ".keras"));
    randomize(model);
    model.load_weights(keras_file(name + ".weights.h5"));
    check_predictions(model, name);
    model.save_weights(folder.file("ours.weights.h5"));
    randomize(model);
    model.load_weights(folder.file("ours.weights.h5"));
    check_predictions(model, name);
    randomize(model);
    model.load_weights(keras_file(name + ".keras"));
    check_predictions(model, name);
  }
}
