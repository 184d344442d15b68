// The code of docs/tutorial.md, in its order, and what it says comes out.
#include <iostream>

#include <kindling/kindling.h>

#include "tests/catch.h"
#include "tests/data/temporary_folder.h"

using namespace kindling;

namespace {

Tensor cube(const Tensor& x) {
  const Tensor v = stop_gradient(x);   // the forward pass needs no recording
  return record("cube", v * v * v, wrt(x, [v](const Tensor& g) { return 3 * v * v * g; }));
}

struct ScaleOptions {
  double initial = 1;
  std::string name = {};
};

class ScaleImpl : public LayerImpl {
 public:
  using Options = ScaleOptions;
  explicit ScaleImpl(Options o) : LayerImpl("Scale", o.name), options_(o) {}
  void fields(Fields& f) override { f("initial", options_.initial); }
  void build(const Shapes& inputs) override {
    scale_ = add_weight("scale", {inputs[0][-1]}, Constant({.value = options_.initial}));
  }
  Tensors call(const Tensors& inputs, const Call&) override { return {inputs[0] * scale_}; }

 private:
  Options options_;
  Tensor scale_;
};
using Scale = Handle<ScaleImpl>;

class StopAtImpl : public CallbackImpl {
 public:
  struct Options {
    double loss = 0;
  };
  explicit StopAtImpl(Options options) : options_(options) {}
  void on_epoch_end(int, Logs& logs) override {
    if (logs["loss"] < options_.loss) stop_training();
  }

 private:
  Options options_;
};
using StopAt = CallbackOf<StopAtImpl>;

// Points and whether their coordinates have the same sign.
Tensor points() {
  Generator generator(3);
  return random_uniform({64, 2}, -1, 1, generator);
}
Tensor same_sign(const Tensor& x) {
  Tensor y = Tensor::empty({x.size(0), 1});
  for (std::size_t i = 0; i < y.floats().size(); ++i) {
    y.mutable_floats()[i] = x.floats()[2 * i] * x.floats()[2 * i + 1] > 0 ? 1.0f : 0.0f;
  }
  return y;
}

}  // namespace

TEST_CASE("tutorial: tensors") {
  Tensor a = tensor({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});   // float32 (2, 3)
  Tensor b = tensor({10.0, 20.0, 30.0});                   // broadcasts over the rows of a
  Tensor c = a * b + 1;
  Tensor means = mean(c, {.axis = {1}});                   // (2,)
  Tensor product = matmul(a, a, {.transpose_b = true});    // (2, 2); nothing is moved
  float first = c.floats()[0];                             // 11
  CHECK(first == 11);
  CHECK(means.shape() == Shape{2});
  CHECK(means.floats()[0] == Approx(1 + 140.0 / 3));
  CHECK(product.floats()[1] == 32);
}

TEST_CASE("tutorial: numbers from elsewhere, seeds and threads") {
  std::vector<std::int32_t> read = {4, 0, 7, 2, 9, 1};
  Tensor ids = tensor(read, {2, 3});                       // int32 (2, 3)
  set_random_seed(1);
  Tensor noise = random_uniform({2, 3}, -1, 1);            // or random_normal({2, 3})
  set_threads(2);                                          // at first: as many as the machine has
  std::cout << noise.str() << "\n";
  CHECK(ids.ints()[5] == 1);
  set_random_seed(1);
  const Tensor again = random_uniform({2, 3}, -1, 1);
  CHECK(again.str() == noise.str());
  CHECK(threads() == 2);
}

TEST_CASE("tutorial: gradients") {
  Tensor w = variable(tensor({2.0, -1.0}));
  Tensor loss = sum(square(w * 3));
  backward(loss);
  Tensor gradient = grad(w);                               // 18 w = (36, -18)
  CHECK(gradient.floats()[0] == 36);
  CHECK(gradient.floats()[1] == -18);
}

TEST_CASE("tutorial: an operation of one's own") {
  gradcheck([](const Tensors& x) { return cube(x[0]); }, {random_normal({2, 3})});
}

TEST_CASE("tutorial: training in one's own loop") {
  set_random_seed(1);
  const Tensor x = points(), y = same_sign(x);
  auto hidden = Dense({.units = 16, .activation = tanh});
  auto scale = Scale({.initial = 0.5});
  auto output = Dense({.units = 1, .activation = sigmoid});
  auto forward = [&](const Tensor& x) { return output(scale(hidden(x))); };
  forward(x);                                              // the first call makes the weights
  Weights weights;
  for (const Layer& layer : std::vector<Layer>{hidden, scale, output}) {
    for (const Weight& weight : layer.weights()) weights.push_back(weight);
  }
  BinaryCrossentropy bce;
  Adam optimizer({.learning_rate = 0.05});
  for (int step = 0; step < 200; ++step) {
    backward(bce(y, forward(x)));
    optimizer.step(weights);                               // takes the gradients
  }
  CHECK(bce(y, forward(x)).item() < 0.1f);
}

TEST_CASE("tutorial: a Model") {
  set_random_seed(1);
  const Tensor x = points(), y = same_sign(x);
  auto input = Input({.shape = {2}});
  auto prediction = Dense({.units = 1, .activation = sigmoid})(
      Scale({.initial = 0.5})(Dense({.units = 16, .activation = tanh})(input)));
  Model model(input, prediction);
  model.compile({.optimizer = Adam({.learning_rate = 0.05}),
                 .loss = BinaryCrossentropy(),
                 .metrics = {AUC(), BinaryAccuracy({.name = "accuracy"})}});
  Dataset data = from_tensors({x}, y, {.batch_size = 16, .shuffle = true});
  History history = model.fit(data, {.epochs = 20, .verbose = Verbose::silent});
  double accuracy = model.evaluate(data)["accuracy"];
  std::string table = model.summary();
  CHECK(accuracy > 0.9);
  CHECK(history["loss"].size() == 20);
  CHECK(table.find("(Scale)") != std::string::npos);

  const History stopped = model.fit(data, {.epochs = 20, .verbose = Verbose::silent,
                                           .callbacks = {StopAt({.loss = 0.1})}});
  CHECK(stopped.epochs.size() < 20);

  const TemporaryFolder temporary;
  const std::string folder = temporary.file("model");
  model.save(folder);
  register_layer<Scale>();
  Model loaded = Model::load(folder);
  Tensor scores = loaded.predict({x});
  const Tensor before = model.predict({x});
  CHECK(std::ranges::equal(scores.floats(), before.floats()));
}

TEST_CASE("tutorial: masks") {
  set_dropped_mask_policy(DroppedMask::silent);
  auto embedding = Embedding({.input_dim = 100, .output_dim = 8, .mask_zero = true});
  Tensor ids = tensor({{5, 7, 0}, {9, 0, 0}});             // 0 is padding
  Tensor pooled = GlobalAveragePooling1D()(embedding(ids)); // the mean over 2 steps, and over 1
  const Tensor one = embedding(tensor({{9}}));
  CHECK(pooled.floats()[8] == one.floats()[0]);

  auto cnn = Conv1D({.filters = 4, .kernel_size = 3, .padding = Padding::same});
  Tensor encoded = with_mask(cnn(embedding(ids)), not_equal(ids, 0));
  auto [attended, weights_seen] = AdditiveAttention().with_scores({encoded, encoded});
  CHECK(weights_seen.floats()[2] == 0);
  CHECK(attended.shape() == Shape{2, 3, 4});
  set_dropped_mask_policy(DroppedMask::warn);
}
