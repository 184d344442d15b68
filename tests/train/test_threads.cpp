// What may run at the same time (docs/promises.md), and that evaluating leaves no trace. Built with
// the thread sanitizer these tests look for data races too.
#include <algorithm>

#include <kindling/kindling.h>

#include "tests/tensors.h"
#include "tests/train/at_once.h"
#include "tests/train/net.h"

using namespace kindling;

namespace {

Tensors values_of(const Weights& weights) {
  Tensors values;
  for (const Weight& w : weights) values.push_back(w.value.clone());
  return values;
}

bool same(const Tensors& a, const Tensors& b) {
  return std::ranges::equal(a, b, [](const Tensor& x, const Tensor& y) { return same_bits(x, y); });
}

bool same(const Logs& a, const Logs& b) {
  return std::ranges::equal(a, b);
}

// Layers that are random, that keep states and that add to the loss.
Model sequence_model(std::int64_t units = 5) {
  const auto x = Input({.shape = {4, 3}});
  const auto h = LSTM({.units = units, .activity_regularizer = L2({.l2 = 0.01}),
                       .recurrent_dropout = 0.25, .return_sequences = true,
                       .stateful = true})(Dropout({.rate = 0.5})(x));
  const auto a = AdditiveAttention({.dropout = 0.25})({h, h});
  const auto always = Dropout({.rate = 0.25})(GlobalAveragePooling1D()(a), {.training = true});
  Model model(x, Dense({.units = 1, .activation = sigmoid, .kernel_regularizer = L2()})(always));
  model.compile({.optimizer = Adam({.learning_rate = 0.01}), .loss = BinaryCrossentropy(),
                 .metrics = {AUC(), BinaryAccuracy()}});
  return model;
}

Model net_model() {
  Model model(Net({.units = 8}));
  model.compile({.optimizer = Adam({.learning_rate = 0.01}), .loss = BinaryCrossentropy(),
                 .metrics = {AUC()}});
  return model;
}

const Tensors sequences = {normals({24, 4, 3}, 1)};
const Tensor labels = cast(coins({24, 1}, 2), DType::float32);
const Tensors rows = {normals({24, 6}, 3)};

struct Fitted {
  Tensors weights;
  History history;
};

Fitted fitted(Model model, const Tensors& x, std::vector<Callback> callbacks = {}) {
  const History history = model.fit(
      x, labels, {.batch_size = 8, .epochs = 2, .verbose = Verbose::silent,
                  .callbacks = std::move(callbacks)});
  return {values_of(model.weights()), history};
}

void check_same(const Fitted& a, const Fitted& b) {
  CHECK(same(a.weights, b.weights));
  for (std::size_t e = 0; e < a.history.epochs.size(); ++e) {
    CHECK(same(a.history.epochs[e], b.history.epochs[e]));
  }
}

}  // namespace

TEST_CASE("Evaluating and predicting in the middle of an epoch change nothing in training",
          "[threads]") {
  set_random_seed(1);
  const Fitted alone = fitted(sequence_model(), sequences);
  set_random_seed(1);
  Model model = sequence_model();
  const Dataset other = from_tensors({normals({8, 4, 3}, 4)}, zeros({8, 1}), {.batch_size = 8});
  int evaluations = 0;
  const LambdaCallback evaluating({.on_train_batch_end = [&](std::int64_t, const Logs&) {
    ++evaluations;
    model.evaluate(other);
    CHECK(model.losses().size() == 2);  // those of the last training step
    model.summary();
  }});
  check_same(fitted(model, sequences, {evaluating}), alone);
  CHECK(evaluations == 6);
  // A model of one's own, which is built by its first call.
  set_random_seed(2);
  const Fitted net = fitted(net_model(), rows);
  set_random_seed(2);
  Model again = net_model();
  const LambdaCallback predicting({.on_train_batch_end = [&](std::int64_t, const Logs&) {
    again.evaluate({zeros({3, 6})}, zeros({3, 1}));
    again.predict(from_tensors(rows, {}));
    again.predict(rows);
  }});
  check_same(fitted(again, rows, {predicting}), net);
}

TEST_CASE("Predicting leaves the losses of the last call, and carries states on") {
  const auto x = Input({.shape = {any, 3}});
  const auto lstm = LSTM({.units = 4, .activity_regularizer = L2(), .stateful = true});
  const Model model(x, lstm(x));
  const Tensor whole = normals({2, 6, 3}, 1);
  const Tensor y = model.predict(whole);
  model.reset_states();
  model.predict(slice(whole, 1, 0, 2));
  CHECK(model.losses().empty());
  check_close(model.predict(slice(whole, 1, 2, 6)), y);
  model(variable(whole), {.training = true});
  const Tensors losses = model.losses();
  REQUIRE(losses.size() == 1);
  model.predict(whole);
  REQUIRE(model.losses().size() == 1);
  CHECK(model.losses()[0].node() == losses[0].node());
}

TEST_CASE("A step's logs are of its batch, whatever was evaluated before") {
  const Batch batch{rows, {labels}}, other{{zeros({5, 6})}, {ones({5, 1})}};
  const auto steps = [&](bool evaluating) {
    set_random_seed(3);
    Model model = net_model();
    std::vector<Logs> logs;
    for (int step = 0; step < 3; ++step) {
      logs.push_back(model.train_on_batch(batch));
      if (evaluating) model.evaluate(other.inputs, other.targets);
      Tensors y_pred;
      if (evaluating && step == 2) model.forward_loss(other, y_pred);
    }
    return logs;
  };
  const std::vector<Logs> plain = steps(false), evaluated = steps(true);
  for (std::size_t i = 0; i < plain.size(); ++i) CHECK(same(plain[i], evaluated[i]));
  const auto x = Input({.shape = {6}});
  Model still(x, Dense({.units = 1, .activation = sigmoid})(x));
  still.compile({.optimizer = SGD({.learning_rate = 0}), .loss = BinaryCrossentropy(),
                 .metrics = {AUC()}});
  still.train_on_batch(other);
  CHECK(same(still.train_on_batch(batch), still.evaluate(from_tensors(rows, labels,
                                                                      {.batch_size = 24}))));
}

TEST_CASE("A metric counts for the model it was given to, and for one output") {
  const BinaryAccuracy shared;
  const auto make = [&](double bias) {
    const auto x = Input({.shape = {1}});
    const auto one = [&](double at, const char* name) {
      return Dense({.units = 1, .kernel_initializer = Zeros(),
                    .bias_initializer = Constant({.value = at}), .name = name})(x);
    };
    Model model(x, {one(bias, "a"), one(1 - bias, "b")});
    model.compile({.optimizer = SGD({.learning_rate = 0}),
                   .loss = {MeanSquaredError(), MeanSquaredError()},
                   .metrics = {{"a", {shared}}, {"b", {shared}}}});
    return model;
  };
  Model right = make(1), wrong = make(0);
  const Dataset data = from_tensors({ones({4, 1})}, {ones({4, 1}), ones({4, 1})});
  const LambdaCallback other({.on_train_batch_end = [&](std::int64_t, const Logs&) {
    wrong.train_on_batch({{ones({4, 1})}, {ones({4, 1}), ones({4, 1})}});
  }});
  const History history =
      right.fit(data, {.verbose = Verbose::silent, .callbacks = {other}});
  CHECK(history["a_binary_accuracy"][0] == 1);
  CHECK(history["b_binary_accuracy"][0] == 0);
  CHECK(wrong.evaluate(data)["b_binary_accuracy"] == 1);
  CHECK(shared.result() == 0);
  class Uncopied : public MetricImpl {
   public:
    Uncopied() : MetricImpl("Uncopied", "u") {}
    Uncopied(const Uncopied&) = delete;
    void update(const Tensor&, const Tensor&, const Tensor&) override {}
    double result() const override { return 0; }
    void reset() override {}
  };
  CHECK(message_of([&] {
          right.compile({.loss = {MeanSquaredError(), MeanSquaredError()},
                         .metrics = {{"a", {Metric(std::make_shared<Uncopied>())}}}});
        }) == "Uncopied \"u\": a model needs a copy of the metric; make it from a shared_ptr of "
              "its own class, which has a copy constructor");
}

TEST_CASE("Several threads evaluate and predict one model, the first call included",
          "[threads]") {
  for (int model_kind = 0; model_kind < 2; ++model_kind) {
    const auto make = [&] {
      set_random_seed(5);
      Model model(model_kind == 0 ? Model(Net({.units = 8})) : [] {
        const auto x = Input({.shape = {6}});
        const auto h = Dense({.units = 4, .activity_regularizer = L1()})(x);
        return Model(x, Dense({.units = 1, .activation = sigmoid})(h));
      }());
      model.compile({.loss = MeanSquaredError(), .metrics = {AUC(), MeanSquaredError()}});
      return model;
    };
    const Dataset data = from_tensors(rows, labels, {.batch_size = 5});
    const Model alone = make(), together = make();
    set_random_seed(6);  // of the weights that the first call makes
    const Logs logs = alone.evaluate(data);
    const Tensor y = alone.predict(data);
    std::vector<Logs> all_logs(6);
    Tensors all_y(6);
    set_random_seed(6);
    at_once(6, [&](int i) {
      const RandomScope random(global_generator());
      const auto at = static_cast<std::size_t>(i);
      if (i % 2 == 0) all_y[at] = together.predict(data);
      all_logs[at] = together.evaluate(data);
      if (i % 2 == 1) all_y[at] = together.predict(rows);
      CHECK_NOTHROW(together.weights());
      CHECK_NOTHROW(together.losses());
      CHECK_NOTHROW(together.summary());
    });
    for (std::size_t i = 0; i < 6; ++i) {
      CHECK(same(all_logs[i], all_logs[0]));
      check_close(all_y[i], all_y[0]);
    }
    CHECK(together.weights().size() == alone.weights().size());
    if (model_kind == 1) {  // built by its graph, so its weights are the same
      CHECK(same(all_logs[0], logs));
      CHECK(same_bits(all_y[0], y));
    }
  }
}

TEST_CASE("Fits of different models at once give what each gives alone",
          "[threads]") {
  const auto make = [](std::uint64_t seed, int kind) {
    set_random_seed(seed);
    return kind == 0 ? sequence_model() : net_model();
  };
  const auto inputs = [](int kind) { return kind == 0 ? sequences : rows; };
  std::vector<Fitted> alone;
  for (int i = 0; i < 4; ++i) {
    alone.push_back(fitted(make(static_cast<std::uint64_t>(i), i % 2), inputs(i % 2)));
  }
  CHECK_FALSE(same(alone[0].weights, alone[2].weights));
  std::vector<Fitted> together(4);
  SECTION("Made one after the other") {
    std::vector<Model> models;
    for (int i = 0; i < 4; ++i) models.push_back(make(static_cast<std::uint64_t>(i), i % 2));
    at_once(4, [&](int i) {
      const auto at = static_cast<std::size_t>(i);
      together[at] = fitted(models[at], inputs(i % 2));
    });
  }
  SECTION("Each made in its thread, from a seed that is set there") {
    at_once(4, [&](int i) {
      together[static_cast<std::size_t>(i)] =
          fitted(make(static_cast<std::uint64_t>(i), i % 2), inputs(i % 2));
    });
  }
  for (std::size_t i = 0; i < 4; ++i) check_same(together[i], alone[i]);
}

TEST_CASE("Models made from one seed draw different numbers, in whatever order they are fitted") {
  const auto run = [](bool first_is_first) {
    set_random_seed(7);
    Model a = net_model(), b = net_model();
    Fitted results[2];
    for (const bool first : {first_is_first, !first_is_first}) {
      results[first ? 0 : 1] = fitted(first ? a : b, rows);
    }
    return std::pair{results[0].weights, results[1].weights};
  };
  const auto [a, b] = run(true);
  const auto [a_again, b_again] = run(false);
  CHECK(same(a, a_again));
  CHECK(same(b, b_again));
  CHECK_FALSE(same(a, b));
}

TEST_CASE("A generator's first batch is trained on even where it builds the model") {
  for (const bool graph : {false, true}) {
    const auto x = Input({.shape = {2}});
    Model model = graph ? Model(x, Dense({.units = 1})(x)) : Model(Net({.units = 2}));
    model.compile({.optimizer = SGD(), .loss = MeanSquaredError()});
    std::vector<std::int64_t> epochs;
    int made = 0;
    const Pass once = [&]() -> std::optional<Batch> {  // a stream that can't be read twice
      if (made == 6) return std::nullopt;
      ++made;
      return Batch{{ones({2, 2})}, {ones({2, 1})}};
    };
    std::vector<std::int64_t> batches;
    const LambdaCallback counting({.on_train_batch_end = [&](std::int64_t b, const Logs&) {
      batches.push_back(b);
    }});
    model.fit(from_generator([&](std::int64_t epoch) {
                epochs.push_back(epoch);
                return once;
              }),
              {.epochs = 4, .verbose = Verbose::silent, .callbacks = {counting},
               .initial_epoch = 1, .steps_per_epoch = 2});
    CHECK(model.optimizer().iterations() == 6);
    CHECK(batches == std::vector<std::int64_t>{0, 1, 0, 1, 0, 1});
    CHECK(epochs == std::vector<std::int64_t>{1, 2, 3});
    CHECK(made == 6);
  }
}

TEST_CASE("Handles on nothing say so") {
  const auto empty = [](const char* what) {
    return std::string(what) + ": the handle is empty, made without an object or moved from";
  };
  const auto moved = [](auto handle) {
    auto taken = std::move(handle);
    return handle;  // NOLINT: moved from on purpose
  };
  const Layer none;
  CHECK(message_of([&] { none.name(); }) == empty("layer"));
  CHECK(message_of([&] { none.weights(); }) == empty("layer"));
  CHECK(message_of([&] { none.build({Shape{1, 2}}); }) == empty("layer"));
  CHECK(message_of([&] { Dense::of(none); }) == empty("layer"));
  CHECK(message_of([&] { moved(net_model()).fit(rows, labels); }) == empty("layer"));
  CHECK(message_of([&] { moved(net_model()).compile_options(); }) == empty("layer"));
  CHECK(message_of([&] { Model(none).summary(); }) == empty("layer"));
  const Loss no_loss = moved(Loss(Huber()));
  CHECK(message_of([&] { no_loss(ones({1, 1}), ones({1, 1})); }) == empty("loss"));
  CHECK(message_of([&] { moved(Metric(AUC())).result(); }) == empty("metric"));
  CHECK(message_of([&] { moved(Metric(AUC())).update(ones({1, 1}), ones({1, 1})); }) ==
        empty("metric"));
  CHECK(message_of([&] { moved(Optimizer(SGD())).step({}); }) == empty("optimizer"));
  CHECK(message_of([] { Dataset(std::shared_ptr<const DatasetImpl>()); }) == empty("Dataset"));
  CHECK(message_of([] { Initializer()({2}); }) == empty("initializer"));
  CHECK(message_of([] { Regularizer()(ones({2})); }) == empty("regularizer"));
  CHECK(message_of([] { from_generator(nullptr); }) ==
        "from_generator: a function that makes batches is needed, got an empty one");
  CHECK(message_of([] { from_generator([](std::int64_t) { return Pass(); }).pass(0); }) ==
        "from_generator: epoch 0 has no function that makes batches");
  const Vocabulary no_words{TokenCounts()};
  CHECK(message_of([&] { stream_pairs(std::function<PairReader()>(), no_words); }) ==
        "stream_pairs: a function that opens the pairs is needed, got an empty one");
  Model model = net_model();
  CHECK(message_of([&] { model.compile({.loss = moved(Loss(Huber()))}); model.fit(rows, labels); })
        == empty("loss"));
  CHECK(message_of([&] { model.compile({.optimizer = moved(Optimizer(SGD())), .loss = Huber()}); })
        == empty("optimizer"));
}
