// What Keras wrote: it predicts what Keras did, and comes back from a file of ours bit for bit.
#include <kindling/train/keras.h>

#include "tests/keras/archives.h"
#include "tests/tensors.h"

using namespace kindling;

TEST_CASE("The six archives predict what Keras did") {
  for (const std::string& name : archives) {
    INFO(name);
    const Model model = load_keras(keras_file(name + ".keras"));
    const Tensors got = model.predict_all(io_of(name, "input"));
    const Tensors expected = io_of(name, "output");
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) check_close(got[i], expected[i], 1e-5);
  }
}
