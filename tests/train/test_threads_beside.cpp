// What else may run at the same time (docs/promises.md): loops of one's own, gradients, data and
// files.
#include <kindling/io/file.h>
#include <kindling/kindling.h>

#include "tests/data/temporary_folder.h"
#include "tests/tensors.h"
#include "tests/train/at_once.h"
#include "tests/train/small_run.h"

using namespace kindling;

TEST_CASE("Steps of different models at once give what each gives alone", "[threads]") {
  const Batch batch = {.inputs = {normals({4, 3}, 1)}, .targets = {normals({4, 1}, 2)}};
  const auto steps = [&](bool by_hand) {
    Model model = small_model();
    if (!by_hand) {
      for (int i = 0; i < 5; ++i) model.train_on_batch(batch);
    } else {
      Generator own(7);
      const RandomScope random(own);
      const SGD sgd;
      for (int i = 0; i < 5; ++i) {
        const Tensor y = model(batch.inputs[0], {.training = true});
        backward(mean(square(y - batch.targets[0])));
        sgd.step(model.weights());
      }
    }
    return model.weights()[0].value.clone();
  };
  const Tensor alone[] = {steps(false), steps(true)};
  Tensors together(6);
  at_once(6, [&](int i) { together[static_cast<std::size_t>(i)] = steps(i % 2 == 1); });
  for (std::size_t i = 0; i < 6; ++i) CHECK(same_bits(together[i], alone[i % 2]));
}

TEST_CASE("Gradients of graphs without a variable in common are those of each alone", "[threads]") {
  const Tensor shared = normals({40, 30}, 1);
  const auto gradient = [&](std::uint64_t seed) {
    const Tensor w = variable(normals({30, 20}, seed));
    backward(sum(square(tanh(matmul(shared, w)))));
    return grad(w);
  };
  Tensors alone, together(4);
  for (std::uint64_t i = 0; i < 4; ++i) alone.push_back(gradient(i));
  at_once(4, [&](int i) {
    together[static_cast<std::size_t>(i)] = gradient(static_cast<std::uint64_t>(i));
  });
  for (std::size_t i = 0; i < 4; ++i) CHECK(same_bits(together[i], alone[i]));
}

TEST_CASE("Several threads go through one dataset and read its tensors", "[threads]") {
  const Tensor x = normals({30, 3}, 1);
  const Dataset data = from_tensors({x}, normals({30, 1}, 2), {.batch_size = 4, .shuffle = true});
  const auto summed = [&](int epoch) {
    double total = 0, weight = 1;
    const Pass pass = data.pass(epoch);
    while (const std::optional<Batch> batch = pass()) {
      total += weight++ * double{sum(batch->inputs[0] * batch->targets[0]).item()};
      total += double{mean(x).item()};
    }
    return total;
  };
  std::vector<double> alone, together(6);
  for (int i = 0; i < 6; ++i) alone.push_back(summed(i % 3));
  at_once(6, [&](int i) { together[static_cast<std::size_t>(i)] = summed(i % 3); });
  CHECK(together == alone);
}

TEST_CASE("A model may be saved and drawn beside predictions", "[threads]") {
  const Model model = small_model();
  const Tensor x = normals({4, 3}, 1), y = model.predict(x);
  const TemporaryFolder folder;
  at_once(6, [&](int i) {
    const std::string path = folder.file(std::to_string(i));
    if (i == 0) model.save(path);
    if (i == 1) model.save_weights(path + ".safetensors");
    if (i == 2) CHECK(model_to_dot(model).size() > 100);
    for (int n = 0; n < 20; ++n) CHECK_NOTHROW(check_close(model.predict(x), y, 0));
  });
  CHECK(same_bits(Model::load(folder.file("0")).predict(x), y));
}
