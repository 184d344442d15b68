// fit with all kinds of data and models: tensors, generators, several outputs, layers of one's own.
#include <algorithm>

#include "tests/data/temporary_folder.h"
#include "tests/tensors.h"
#include "tests/train/net.h"

using namespace kindling;

namespace {

// y = 2 x0 - x1
struct Line {
  Tensor x, y;
};
Line line(std::int64_t rows) {
  const Tensor x = normals({rows, 2}, 4);
  return {x, matmul(x, tensor({{2.0}, {-1.0}}))};
}

Model regressor(const std::string& name = "m") {
  const auto input = Input({.shape = {2}});
  Model model(input, Dense({.units = 1, .kernel_initializer = Zeros(), .name = "d"})(input), name);
  model.compile({.optimizer = SGD({.learning_rate = 0.1}), .loss = MeanSquaredError()});
  return model;
}

std::vector<float> numbers(const Weights& weights) {
  std::vector<float> all;
  for (const Weight& w : weights) {
    all.insert(all.end(), w.value.floats().begin(), w.value.floats().end());
  }
  return all;
}

Batch rows_of(const Line& data, std::int64_t begin, std::int64_t end) {
  return {{slice(data.x, 0, begin, end)}, {slice(data.y, 0, begin, end)}};
}

}  // namespace

TEST_CASE("fit takes tensors, splits off the last rows and weighs the others") {
  const Line data = line(40);
  Model by_tensors = regressor(), by_dataset = regressor();
  const Tensor weight = uniforms({40}, 2, 0.5, 2);
  const History a = by_tensors.fit({data.x}, data.y, {.batch_size = 8,
                                                      .epochs = 3,
                                                      .verbose = Verbose::silent,
                                                      .validation_split = 0.25,
                                                      .shuffle = false,
                                                      .sample_weight = weight});
  const auto part = [](const Tensor& t, std::int64_t begin, std::int64_t end) {
    return slice(t, 0, begin, end);
  };
  const Dataset train = from_tensors({part(data.x, 0, 30)}, part(data.y, 0, 30),
                                     {.batch_size = 8}, part(weight, 0, 30));
  const Dataset dev = from_tensors({part(data.x, 30, 40)}, part(data.y, 30, 40),
                                   {.batch_size = 8}, part(weight, 30, 40));
  const History b = by_dataset.fit(
      train, {.epochs = 3, .verbose = Verbose::silent, .validation_data = dev});
  CHECK(numbers(by_tensors.weights()) == numbers(by_dataset.weights()));
  CHECK(a["val_loss"] == b["val_loss"]);
  CHECK(message_of([&] { by_dataset.fit(train, {.validation_split = 0.5}); }) ==
        "Functional \"m\": fit: batch_size, validation_split and sample_weight are for tensors; a "
        "Dataset has its own batches and weights");
  CHECK(message_of([&] { by_tensors.fit({data.x}, data.y, {.validation_split = 1}); }) ==
        "Functional \"m\": validation_split is in [0, 1), got 1");
}

TEST_CASE("fit takes a generator, as long as it lasts") {
  const Line data = line(40);
  int passes = 0;
  const auto make = [&](std::int64_t epoch) -> Pass {
    ++passes;
    return [&data, epoch, at = std::int64_t{0}]() mutable -> std::optional<Batch> {
      if (at >= 40) return std::nullopt;
      at += 8;
      return rows_of(data, at - 8, at);
    };
  };
  Model generated = regressor(), stored = regressor();
  const History history = generated.fit(from_generator(make), {.epochs = 3,
                                                               .verbose = Verbose::silent});
  const Dataset whole = from_tensors({data.x}, data.y, {.batch_size = 8});
  stored.fit(whole, {.epochs = 3, .verbose = Verbose::silent});
  CHECK(passes == 3);
  CHECK(numbers(generated.weights()) == numbers(stored.weights()));
  CHECK(generated.evaluate(from_generator(make))["loss"] == stored.evaluate(whole)["loss"]);
  CHECK(same_bits(generated.predict(from_generator(make)), stored.predict(whole)));

  std::int64_t batches = 0;
  const LambdaCallback count({.on_train_batch_end = [&](std::int64_t, const Logs&) { ++batches; }});
  generated.fit(from_generator(make, 5), {.epochs = 2, .verbose = Verbose::silent,
                                          .callbacks = {count}, .steps_per_epoch = 3});
  CHECK(batches == 6);
  const Dataset none =
      from_generator([](std::int64_t) { return [] { return std::optional<Batch>(); }; });
  CHECK(message_of([&] { generated.fit(none); }) ==
        "Functional \"m\": epoch 0 of the data has no batches");
  CHECK(message_of([&] { none.plan(0); }) ==
        "Dataset: its batches come in one order, from pass()");
}

TEST_CASE("Class weights are sample weights, of classes and of one-hot targets") {
  const Tensor x = normals({6, 2}, 1), y = tensor({0.0, 1.0, 1.0, 0.0, 1.0, 0.0}).reshaped({6, 1});
  const Tensor weight = tensor({0.5, 3.0, 3.0, 0.5, 3.0, 0.5});
  const auto trained = [&](const FitOptions& options) {
    Model model = regressor();
    model.fit({x}, y, options);
    return numbers(model.weights());
  };
  CHECK(trained({.verbose = Verbose::silent,
                 .shuffle = false,
                 .class_weight = {{0, 0.5}, {1, 3}}}) ==
        trained({.verbose = Verbose::silent, .shuffle = false, .sample_weight = weight}));
  const auto silent = [&](const ClassWeight& classes) {
    return trained({.verbose = Verbose::silent, .shuffle = false, .class_weight = classes});
  };
  CHECK(silent({{1, 3}}) == silent({{0, 1}, {1, 3}}));
}

TEST_CASE("Several outputs: a loss and a weight each, by place or by name, logs of each") {
  const auto input = Input({.shape = {2}});
  const auto a = Dense({.units = 1, .name = "a"})(input);
  const auto b = Dense({.units = 2, .activation = sigmoid, .name = "b"})(input);
  const Tensor x = normals({9, 2}, 1), ya = normals({9, 1}, 2);
  const Tensor yb = cast(greater(normals({9, 2}, 3), 0), DType::float32);
  Model model(input, {a, b}, "two");
  model.compile({.optimizer = SGD({.learning_rate = 0.1}),
                 .loss = {{"b", BinaryCrossentropy()}, {"a", MeanSquaredError()}},
                 .loss_weights = {{"b", 2}, {"a", 0.5}},
                 .metrics = {{"b", {BinaryAccuracy()}}}});
  const Dataset data = from_tensors({x}, {ya, yb}, {.batch_size = 4});
  const Logs logs = model.evaluate(data);
  CHECK(logs.names() == "loss, a_loss, b_loss, b_binary_accuracy");
  CHECK(logs["loss"] == Approx(0.5 * logs["a_loss"] + 2 * logs["b_loss"]));
  const Tensors predicted = model.predict_all(data);
  CHECK(logs["a_loss"] == Approx(MeanSquaredError()(ya, predicted[0]).item()));
  CHECK(logs["b_loss"] == Approx(BinaryCrossentropy()(yb, predicted[1]).item()));
  const History history = model.fit(data, {.epochs = 20, .verbose = Verbose::silent});
  CHECK(history["loss"].back() < history["loss"].front());

  const auto predictions = [&] { return model.predict_all(data); };
  model.compile({.loss = {MeanSquaredError(), BinaryCrossentropy()}});  // by place
  CHECK(model.evaluate(data).names() == "loss, a_loss, b_loss");
  // An output without a loss is only measured.
  model.compile({.loss = {{"b", BinaryCrossentropy()}}, .metrics = {{"a", {MeanAbsoluteError()}}}});
  const Logs of_one = model.evaluate(data);
  CHECK(of_one.names() == "loss, a_mean_absolute_error");  // the only loss is the whole
  const Tensors before = predictions();
  model.fit(data, {.verbose = Verbose::silent});
  CHECK(same_bits(predictions()[0], before[0]));
  CHECK_FALSE(same_bits(predictions()[1], before[1]));
  const auto refused = [&](const CompileOptions& options) {
    return message_of([&] { model.compile(options); });
  };
  CHECK(refused({.loss = {{"a", MeanSquaredError()}, {"c", MeanSquaredError()}}}) ==
        "Functional \"two\": losses are given for \"c\", which is no output; there are a, b");
  CHECK(refused({.loss = {MeanSquaredError(), MeanSquaredError()}, .loss_weights = {1}}) ==
        "Functional \"two\": loss_weights has a number an output, got 1 for 2");
  CHECK(refused({.loss = {MeanSquaredError(), MeanSquaredError()}, .metrics = {AUC()}}) ==
        "Functional \"two\": metrics of a model with several outputs go by their names [outputs a, "
        "b]");
}

TEST_CASE("A layer of one's own goes through fit, evaluate, predict, save and load") {
  register_layer<Net>();
  set_random_seed(3);
  const Line data = line(64);
  const Tensor y = cast(greater(data.y, 0), DType::float32);
  Model model(Net({.units = 16, .name = "net"}));
  model.compile({.optimizer = Adam({.learning_rate = 0.03}), .loss = BinaryCrossentropy(),
                 .metrics = {AUC()}});
  const History history = model.fit({data.x}, y, {.epochs = 20, .verbose = Verbose::silent});
  CHECK(history["auc"].back() > 0.9);
  CHECK(model.layers().size() == 3);
  CHECK(model.summary().find("dropout (Dropout)") != std::string::npos);
  CHECK(model.summary().find("(None, 16)") != std::string::npos);

  const TemporaryFolder folder;
  model.save(folder.path() + "/net");
  const Model loaded = Model::load(folder.path() + "/net");
  CHECK(same_bits(loaded.predict({data.x}), model.predict({data.x})));
  model.save_weights(folder.path() + "/w.safetensors");
  Model fresh(Net({.units = 16, .name = "other"}));
  CHECK(message_of([&] { fresh.save(folder.path() + "/fresh"); }) ==
        "Net \"other\": has no weights yet; call it or fit it first");
  fresh.predict({data.x});
  fresh.load_weights(folder.path() + "/w.safetensors");
  CHECK(same_bits(fresh.predict({data.x}), model.predict({data.x})));
}

TEST_CASE("Regularized weights and activities are part of the loss") {
  const Line data = line(8);
  class PenaltyImpl : public LayerImpl {
   public:
    struct Options {
      std::string name = {};
    };
    explicit PenaltyImpl(Options o) : LayerImpl("Penalty", o.name) {}
    void build(const Shapes&) override {
      w_ = add_weight("w", {2, 1}, Ones(), {.regularizer = L2({.l2 = 0.5})});
    }
    Tensors call(const Tensors& inputs, const Call&) override {
      const Tensor y = matmul(inputs[0], w_);
      add_loss(mean(square(y)));
      return {y};
    }

   private:
    Tensor w_;
  };
  const auto input = Input({.shape = {2}});
  Model model(input, Handle<PenaltyImpl>()(input));
  model.compile({.optimizer = SGD({.learning_rate = 0.1}), .loss = MeanSquaredError()});
  const Dataset all = from_tensors({data.x}, data.y, {.batch_size = 8});
  const Tensor w = variable(ones({2, 1}));
  const Tensor y = matmul(data.x, w);
  const Tensor loss = mean(square(y - data.y)) + mean(square(y)) + 0.5 * sum(square(w));
  CHECK(model.evaluate(all)["loss"] == Approx(loss.item()));
  backward(loss);
  model.fit(all, {.verbose = Verbose::silent});
  check_close(model.weights()[0].value, w - 0.1 * grad(w));
  CHECK(model.losses().size() == 2);
}
