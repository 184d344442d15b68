// Trains, saves, loads and shows a model with a layer of one's own, against numbers that numpy
// computed in double precision. Says what is off, and then ends with 1.
#include <kindling/kindling.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "scale.h"

using namespace kindling;

namespace {

bool all_right = true;

void check(bool right, const char* what) {
  if (!right) std::fprintf(stderr, "consumer: %s\n", what);
  all_right = all_right && right;
}

void check_close(const Tensor& actual, const Tensor& expected, const char* what) {
  const auto close = [](float a, float b) { return std::abs(a - b) <= 1e-5f; };
  check(actual.shape() == expected.shape() &&
            std::ranges::equal(actual.floats(), expected.floats(), close), what);
}

void set_weights(const Model& model, const Tensors& values) {
  Weights weights = model.weights();
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::ranges::copy(values[i].floats(), weights.at(i).value.mutable_floats().begin());
  }
}

}  // namespace

int main() {
  const auto input = Input({.shape = {2}});
  const auto hidden = Dense({.units = 3, .activation = tanh})(input);
  const auto scaled = Scale({.initial = 0.5})(hidden);
  Model model(input, Dense({.units = 1})(scaled));
  check(model.get_layer("scale").weights()[0].value.floats()[2] == 0.5f, "an option is lost");
  set_weights(model, {tensor({{0.5, -0.25, 1.0}, {0.75, 0.5, -0.5}}), tensor({0.1, 0.0, -0.1}),
                      tensor({0.5, 1.0, 2.0}), tensor({{1.0}, {-1.0}, {0.5}}), tensor({0.25})});

  const Tensor x = tensor({{1.0, 2.0}, {-1.0, 0.5}, {0.5, -1.5}, {2.0, 0.0}});
  const Tensor y = tensor({{1.0}, {0.0}, {-1.0}, {0.5}});
  check_close(model.predict({x}),
              tensor({{4.09021294e-04}, {-1.09866784}, {1.44674595}, {2.06860413}}), "predict");

  model.compile({.optimizer = SGD({.learning_rate = 0.1}), .loss = MeanSquaredError()});
  const History history = model.fit({x}, y, {.epochs = 20, .verbose = Verbose::silent});
  check(std::abs(history["loss"].front() - 2.66333445) < 1e-5, "the first epoch's loss");
  check(std::abs(history["loss"].back() - 0.00119970) < 1e-5, "the last epoch's loss");
  check_close(model.get_layer("scale").weights()[0].value,
              tensor({0.85722577, 0.74701628, 1.88640652}), "the trained scale");
  const Tensor trained = model.predict({x});
  check_close(trained, tensor({{0.95680475}, {0.0227303}, {-1.02293113}, {0.53966823}}),
              "predict after training");

  register_layer<Scale>();
  model.save("consumer_model");
  const Model loaded = Model::load("consumer_model");
  const Tensor again = loaded.predict({x});
  check(std::ranges::equal(again.floats(), trained.floats()), "save and load");
  check(loaded.summary() == model.summary(), "the loaded model's summary");
  check(loaded.summary().find("(Scale)") != std::string::npos, "Scale is not in the summary");
  std::printf("%skindling %s\n", loaded.summary().c_str(), version_string);

  try {
    model.predict({zeros({1, 4})});
    check(false, "a wrong shape is let through");
  } catch (const Error&) {  // thrown in the library, caught here
  }
  return all_right ? 0 : 1;
}
