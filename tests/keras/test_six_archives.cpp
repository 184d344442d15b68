// What Keras wrote: it predicts what Keras did, and comes back from a file of ours bit for bit.
#include <kindling/io/archives/hdf5.h>
#include <kindling/train/keras.h>

#include "tests/keras/archives.h"
#include "tests/keras/saved.h"

using namespace kindling;

TEST_CASE("The six archives predict what Keras did") {
  for (const std::string& name : archives) {
    INFO(name);
    check_predictions(load_keras(keras_file(name + ".keras")), name, 1e-5);
    check_predictions(Model::load(keras_file(name + ".keras")), name, 1e-5);
  }
}

TEST_CASE("The six archives come back from files of ours bit for bit") {
  for (const std::string& name : archives) {
    INFO(name);
    const Model model = load_keras(keras_file(name + ".keras"));
    const Model loaded = check_keras_round_trip(model, io_of(name, "input"));
    CHECK(names_of_layers(loaded) == names_of_layers(model));
    check_predictions(loaded, name, 1e-5);
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
    check_predictions(model, name, 1e-5);
    model.save_weights(folder.file("ours.weights.h5"));
    randomize(model);
    model.load_weights(folder.file("ours.weights.h5"));
    check_predictions(model, name, 1e-5);
    randomize(model);
    model.load_weights(keras_file(name + ".keras"));
    check_predictions(model, name, 1e-5);
  }
}

TEST_CASE("Weights as earlier versions of Keras wrote them") {
  const TemporaryFolder folder;
  const std::string path = folder.file("early.weights.h5");
  const auto place = [](std::string dataset, const std::string& layers) {
    for (const std::string head : {"query", "key", "value", "output"}) {
      const std::size_t at = dataset.find("/" + head + "_dense/");
      if (at != dataset.npos) dataset.insert(at + 1, "_");
    }
    return layers + dataset.substr(dataset.find('/'));
  };
  for (const std::string& name : archives) {
    for (const std::string layers : {"layers", "_layer_checkpoint_dependencies"}) {
      INFO(name << " " << layers);
      const hdf5::File now(read_file(keras_file(name + ".weights.h5")), name);
      hdf5::Writer early;  // groups without names
      for (const auto& [dataset, described] : now.datasets()) {
        early.dataset(place(dataset, layers), now.read(dataset));
      }
      early.dataset(layers + "/dropout_9/seed_generator/vars/0", random_ids({2}, 1, 100));
      write_file(path, early.bytes());
      const Model model = load_keras(keras_file(name + ".keras"));
      randomize(model);
      model.load_weights(path);
      check_predictions(model, name, 1e-5);
    }
  }
}
