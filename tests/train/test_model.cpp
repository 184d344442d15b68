// Model: fit, evaluate and predict.
#include <kindling/autograd/graph.h>
#include <kindling/data/text_batches.h>
#include <kindling/layers/additive_attention.h>
#include <kindling/layers/concatenate.h>
#include <kindling/layers/conv1d.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/dropout.h>
#include <kindling/layers/embedding.h>
#include <kindling/layers/global_pooling1d.h>
#include <kindling/optim/adam.h>
#include <kindling/optim/sgd.h>
#include <kindling/train/losses.h>
#include <kindling/train/metrics.h>
#include <kindling/train/model.h>

#include "tests/tensors.h"
#include "tests/train/silence.h"

using namespace kindling;

namespace {

// Whether the four numbers of a row add up to more than 0.
Dataset sums(std::int64_t rows, std::uint64_t seed, const BatchOptions& options = {}) {
  const Tensor x = normals({rows, 4}, seed);
  const Tensor y = tensor_of({rows, 1}, [&](const Index& i) {
    double total = 0;
    for (std::int64_t c = 0; c < 4; ++c) total += element(x, {i[0], c});
    return total > 0 ? 1 : 0;
  });
  return from_tensors({x}, y, options);
}

Model classifier() {
  const auto input = Input({.shape = {4}, .name = "x"});
  const auto hidden = Dense({.units = 8, .activation = relu})(input);
  return Model({input}, Dense({.units = 1, .activation = sigmoid})(hidden), "m");
}

// The model of two texts, with all that can be random in it.
Model text_model() {
  const auto query = Input({.shape = {any}, .dtype = DType::int32});
  const auto value = Input({.shape = {any}, .dtype = DType::int32});
  const auto embedding = Embedding({.input_dim = 22, .output_dim = 32, .mask_zero = true});
  const auto dense = Dense({.units = 32, .activation = kindling::tanh});
  const auto q = dense(embedding(query)), v = dense(embedding(value));
  const auto attended = AdditiveAttention({.dropout = 0.1})({q, v});
  const auto conv = Conv1D({.filters = 16, .kernel_size = 3, .padding = Padding::same});
  const auto pool = GlobalAveragePooling1D();
  const auto joined = Concatenate()({pool(q), pool(attended), pool(conv(embedding(value)))});
  const auto hidden = Dropout({.rate = 0.25})(Dense({.units = 16, .activation = relu})(joined));
  return Model({query, value}, Dense({.units = 1, .activation = sigmoid})(hidden));
}

Vocabulary twenty_words() {
  std::vector<std::string> list;
  for (int i = 0; i < 20; ++i) list.push_back("w" + std::to_string(i));
  return Vocabulary(list);
}

// Pairs of texts of 1 to 12 words.
std::vector<TextPair> some_pairs(int count) {
  Generator generator(3);
  std::vector<TextPair> pairs;
  for (int i = 0; i < count; ++i) {
    const auto text = [&] {
      std::string words = "w1";
      for (std::int64_t n = generator.below(12); n > 0; --n) {
        words += " w" + std::to_string(generator.below(20));
      }
      return words;
    };
    const std::string first = text(), second = text();
    pairs.push_back({first, second, i % 2 == 0 ? 1.0f : 0.0f});
  }
  return pairs;
}

std::vector<std::string> names_of(const Logs& logs) {
  std::vector<std::string> names;
  for (const auto& [name, value] : logs) names.push_back(name);
  return names;
}

// Notes the training flag of its calls.
std::vector<bool>& flags() {
  static std::vector<bool> noted;
  return noted;
}
class ProbeImpl : public LayerImpl {
 public:
  struct Options {
    std::string name = {};
  };
  explicit ProbeImpl(const Options& o) : LayerImpl("Probe", o.name) {}
  Tensors call(const Tensors& inputs, const Call& call) override {
    flags().push_back(call.training);
    return inputs;
  }
  Shapes compute_output_shape(const Shapes& inputs, const Call&) override { return inputs; }
};
using Probe = Handle<ProbeImpl>;

// The same rows always, each with a weight.
class Weighted : public IndexedDatasetImpl {
 public:
  Weighted(Tensor x, Tensor y, Tensor w)
      : x_(std::move(x)), y_(std::move(y)), w_(std::move(w)) {}
  std::int64_t size() const override { return x_.size(0); }
  BatchPlan plan(std::int64_t) const override {
    return {std::vector<std::int64_t>(static_cast<std::size_t>(size()))};
  }
  Batch batch(const std::vector<std::int64_t>&) const override { return {{x_}, {y_}, {w_}}; }

 private:
  Tensor x_, y_, w_;
};

}  // namespace

TEST_CASE("A small model learns, and says so") {
  set_random_seed(1);
  Model model = classifier();
  const Dataset train = sums(256, 1, {.batch_size = 16, .shuffle = true}), dev = sums(100, 2);
  model.compile({.optimizer = Adam({.learning_rate = 0.02}),
                 .loss = BinaryCrossentropy(),
                 .metrics = {AUC(), BinaryAccuracy({.name = "right"}), MeanSquaredError()}});
  const Logs before = model.evaluate(dev);
  const History history = model.fit(
      train, {.epochs = 8, .verbose = Verbose::silent, .validation_data = dev});
  CHECK(names_of(before) ==
        std::vector<std::string>{"loss", "auc", "right", "mean_squared_error"});
  CHECK(names_of(history.epochs[0]) ==
        std::vector<std::string>{"loss", "auc", "right", "mean_squared_error", "val_loss",
                                 "val_auc", "val_right", "val_mean_squared_error"});
  CHECK(history.epochs.size() == 8);
  CHECK(history["loss"].size() == 8);
  CHECK(history["loss"].back() < history["loss"].front() / 2);
  CHECK(history["val_auc"].back() > 0.98);
  CHECK(history["val_right"].back() > 0.9);
  const Logs after = model.evaluate(dev);
  for (const auto& [name, value] : after) CHECK(value == history["val_" + name].back());
  CHECK(after["loss"] < before["loss"]);
  CHECK(message_of([&] { history["val_f1"]; }) ==
        "Logs: no \"val_f1\" is logged, there are loss, auc, right, mean_squared_error, val_loss, "
        "val_auc, val_right, val_mean_squared_error");
  CHECK(message_of([] { Logs()["loss"]; }) == "Logs: no \"loss\" is logged, there are none");
}

TEST_CASE("evaluate is the loss of all examples, whatever the batches") {
  set_random_seed(2);
  Model model = classifier();
  model.compile({.loss = BinaryCrossentropy()});
  const Dataset whole = sums(50, 3, {.batch_size = 50}), parts = sums(50, 3, {.batch_size = 7});
  const Batch all = whole.batch(whole.plan(0)[0]);
  const Tensor loss = BinaryCrossentropy()(all.targets[0], model.predict(all.inputs));
  CHECK(model.evaluate(whole)["loss"] == Approx(static_cast<double>(loss.item())));
  CHECK(model.evaluate(parts)["loss"] == Approx(static_cast<double>(loss.item())));
}

TEST_CASE("predict is in the order of the examples, whatever the batches") {
  const SilenceWarnings silence;
  set_random_seed(3);
  const Model model = text_model();
  const std::vector<TextPair> pairs = some_pairs(40);
  const Vocabulary words = twenty_words();
  for (const bool shuffle : {false, true}) {
    const Dataset data = text_pairs(pairs, words, {.batch_size = 1, .shuffle = shuffle});
    const Tensor all = model.predict(data);
    REQUIRE(all.shape() == Shape{40, 1});
    CHECK(all.node() == nullptr);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const Tensor one = model.predict(Tensors{padded_ids({words.encode(pairs[i].first)}),
                                               padded_ids({words.encode(pairs[i].second)})});
      CHECK(std::abs(all.floats()[i] - one.item()) < 1e-6f);
    }
  }
  const Dataset rows = sums(30, 4, {.batch_size = 7, .shuffle = true});
  const Model small = classifier();
  const Batch batch = rows.batch({29, 0});
  const Tensor some = small.predict(batch.inputs), all = small.predict(rows);
  CHECK(std::abs(some.floats()[0] - all.floats()[29]) < 1e-6f);
  CHECK(std::abs(some.floats()[1] - all.floats()[0]) < 1e-6f);
}

TEST_CASE("The same seed gives the same bits on any number of threads") {
  const SilenceWarnings silence;
  const std::vector<TextPair> pairs = some_pairs(96);
  const auto trained = [&](int threads, std::uint64_t seed) {
    const ThreadsScope scope(threads);
    set_random_seed(seed);
    Model model = text_model();
    const Dataset data = text_pairs(pairs, twenty_words(), {.shuffle = true, .seed = seed});
    model.compile({.loss = BinaryCrossentropy(), .metrics = {AUC()}});
    const History history = model.fit(data, {.epochs = 2, .verbose = Verbose::silent});
    Tensors all = {scalar(static_cast<float>(history["loss"].back())), model.predict(data)};
    for (const Weight& w : model.weights()) all.push_back(stop_gradient(w.value));
    return all;
  };
  const Tensors one = trained(1, 5);
  for (const int threads : {1, 2, 3}) {
    const Tensors again = trained(threads, 5);
    CAPTURE(threads);
    REQUIRE(again.size() == one.size());
    for (std::size_t i = 0; i < one.size(); ++i) CHECK(same_bits(again[i], one[i]));
  }
  CHECK_FALSE(same_bits(trained(1, 6)[1], one[1]));
}

TEST_CASE("Layers know that they are trained, in fit alone") {
  const auto input = Input({.shape = {4}});
  const auto x = Dropout({.rate = 0.5})(Probe()(input));
  Model model({input}, Dense({.units = 1})(x));
  model.compile({.optimizer = SGD({.learning_rate = 0}), .loss = MeanSquaredError()});
  const Dataset data = sums(64, 5);
  flags().clear();
  const History history = model.fit(data, {.verbose = Verbose::silent, .validation_data = data});
  CHECK(flags() == std::vector<bool>{true, true, false, false});
  CHECK(history["loss"][0] != history["val_loss"][0]);  // the dropout is the difference
  flags().clear();
  CHECK(model.evaluate(data)["loss"] == history["val_loss"][0]);
  CHECK(same_bits(model.predict(data), model.predict(data)));
  CHECK(flags() == std::vector<bool>(6, false));
}

TEST_CASE("Examples have the weights that a dataset gives them") {
  set_random_seed(4);
  Model model = classifier();
  model.compile({.optimizer = SGD({.learning_rate = 0}),
                 .loss = MeanSquaredError(),
                 .weighted_metrics = {BinaryAccuracy()}});
  const Tensor x = normals({3, 4}, 1), y = tensor({1.0, 0.0, 1.0}).reshaped({3, 1});
  const Tensor w = tensor({0.0, 0.0, 3.0}), p = model.predict(Tensors{x});
  const Dataset data(std::make_shared<Weighted>(x, y, w));
  const auto loss = MeanSquaredError();
  const auto expected = static_cast<double>(loss(y, p, w).item());
  const Logs logs = model.evaluate(data);
  CHECK(logs["loss"] == Approx(expected));
  CHECK(logs["binary_accuracy"] == (p.floats()[2] > 0.5f ? 1 : 0));
  CHECK(model.fit(data, {.verbose = Verbose::silent})["loss"][0] == Approx(expected));
}

TEST_CASE("A copy of a model is the same model, and training goes on where it was") {
  Model model = classifier();
  const Model copy = model;
  const Adam adam;
  model.compile({.optimizer = adam, .loss = BinaryCrossentropy()});
  const Dataset data = sums(64, 6);
  model.fit(data, {.epochs = 3, .verbose = Verbose::silent});
  CHECK(adam.iterations() == 6);
  CHECK(copy.evaluate(data)["loss"] == model.evaluate(data)["loss"]);
  const History rest = model.fit(data, {.epochs = 5, .verbose = Verbose::silent,
                                        .initial_epoch = 3});
  CHECK(rest.epochs.size() == 2);
  CHECK(adam.iterations() == 10);
}
