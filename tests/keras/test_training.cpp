// Training goes on from an archive where it stopped.
#include <thread>

#include <kindling/io/archives/keras.h>
#include <kindling/kindling.h>
#include <kindling/train/keras.h>
#include <kindling/train/keras_optimizer.h>

#include "tests/keras/saved.h"
#include "tests/optim/all_optimizers.h"

using namespace kindling;

namespace {

// A frozen layer, an embedding (whose gradients are rows) and layers that Keras orders otherwise
// than we do.
Model text_model() {
  set_random_seed(3);
  const SymbolicTensor ids = Input({.shape = {5}, .dtype = DType::int32, .name = "ids"});
  const SymbolicTensor words =
      Embedding({.input_dim = 7, .output_dim = 3, .name = "words"})(ids);
  const Dense frozen({.units = 4, .name = "frozen"});
  frozen.set_trainable(false);
  const SymbolicTensor left = LSTM({.units = 3, .name = "left"})(words);
  const SymbolicTensor right = GlobalAveragePooling1D()(frozen(words));
  const SymbolicTensor both = Concatenate()({right, left});
  return Model({ids}, Dense({.units = 1, .activation = sigmoid, .name = "score"})(both));
}

Batch batch(std::uint64_t seed) {
  return {.inputs = {random_ids({4, 5}, seed, 7)}, .targets = {uniforms({4, 1}, seed + 50, 0, 1)}};
}

void steps(Model& model, std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t i = first; i < first + count; ++i) model.train_on_batch(batch(i));
}

// By name: a model that was loaded has its layers in Keras's order.
void check_same_weights(const Model& a, const Model& b) {
  const Weights x = a.weights(), y = b.weights();
  REQUIRE(x.size() == y.size());
  for (const Weight& w : x) {
    INFO(w.name);
    const auto at = std::ranges::find(y, w.name, &Weight::name);
    REQUIRE(at != y.end());
    CHECK(w.trainable == at->trainable);
    CHECK(same_bits(w.value, at->value));
  }
}

// Three steps, an archive, three more: as six in one go. Saved again at once, the same bytes.
void check_goes_on(const Optimizer& whole, const Optimizer& parted) {
  const TemporaryFolder folder;
  const std::string path = folder.file("m.keras"), again = folder.file("again.keras");
  Model one = text_model(), two = text_model();
  one.compile({.optimizer = whole, .loss = BinaryCrossentropy()});
  two.compile({.optimizer = parted, .loss = BinaryCrossentropy()});
  steps(one, 1, 7);
  steps(two, 1, 4);
  save_keras(two, path, {.date_saved = a_date});
  Model loaded = load_keras(path);
  save_keras(loaded, again, {.date_saved = a_date});
  const bool same_bytes = read_file(path) == read_file(again);
  CHECK(same_bytes);
  steps(loaded, 5, 3);
  check_same_weights(loaded, one);
  CHECK(loaded.optimizer().iterations() == one.optimizer().iterations());
}

}  // namespace

TEST_CASE("Nadam's product has a factor per update, not per step of an accumulated gradient") {
  Model model = text_model();
  model.compile({.optimizer = Nadam({.gradient_accumulation_steps = 2}),
                 .loss = BinaryCrossentropy()});
  steps(model, 1, 5);
  const KerasTraining kept = optimizer_to_keras(model.optimizer(), model.weights());
  CHECK(kept.iterations == 5);
  CHECK(kept.variables.back().item() ==
        Approx(0.9 * (1 - 0.5 * 0.96) * 0.9 * (1 - 0.5 * 0.96 * 0.96)));
}

TEST_CASE("Every optimizer goes on where an archive stopped, bit for bit") {
  for (const auto& [class_name, config] : all_optimizers()) {
    INFO(class_name << " " << config.str());
    check_goes_on(optimizer_registry().make(class_name, config),
                  optimizer_registry().make(class_name, config));
  }
}

TEST_CASE("Schedules go on") {
  const auto adam = [] {
    return Adam({.learning_rate = CosineDecay({.initial_learning_rate = 0.1, .decay_steps = 20,
                                               .warmup_target = 0.2, .warmup_steps = 3})});
  };
  check_goes_on(adam(), adam());
  const auto sgd = [] {
    return SGD({.learning_rate = PiecewiseConstantDecay({.boundaries = std::vector<std::int64_t>{2},
                                                         .values = std::vector<double>{0.1, 1}}),
                .momentum = 0.5});
  };
  check_goes_on(sgd(), sgd());
}

TEST_CASE("A learning rate that was changed is kept") {
  const TemporaryFolder folder;
  Model model = text_model();
  model.compile({.optimizer = Adam({.learning_rate = 0.3}), .loss = MeanSquaredError()});
  steps(model, 1, 1);
  model.optimizer().set_learning_rate(0.07);
  save_keras(model, folder.file("m.keras"));
  const Model loaded = load_keras(folder.file("m.keras"));
  CHECK(loaded.optimizer().learning_rate() == 0.07);
  CHECK(loaded.optimizer().iterations() == 1);
}

TEST_CASE("Losses, metrics and weights come back") {
  const SymbolicTensor x = Input({.shape = {3}});
  const SymbolicTensor a = Dense({.units = 1, .activation = sigmoid, .name = "a"})(x);
  const SymbolicTensor b = Dense({.units = 4, .activation = softmax, .name = "b"})(x);
  Model model(x, {a, b});
  model.compile({.optimizer = AdamW({.weight_decay = 0.01}),
                 .loss = {{"a", BinaryCrossentropy({.label_smoothing = 0.1})},
                          {"b", SparseCategoricalCrossentropy()}},
                 .loss_weights = {{"b", 0.25}},
                 .metrics = {{"a", {AUC({.num_thresholds = 50}), Precision({.thresholds = 0.3}),
                                    MeanSquaredError({.name = "mse"}), F1Score()}},
                             {"b", {SparseTopKCategoricalAccuracy({.k = 2})}}},
                 .weighted_metrics = {{"a", {BinaryAccuracy({.threshold = 0.4})}}}});
  const Batch data{.inputs = {normals({4, 3}, 1)},
                   .targets = {random_ids({4, 1}, 2, 2), random_ids({4}, 3, 4)}};
  model.train_on_batch(data);
  const TemporaryFolder folder;
  save_keras(model, folder.file("m.keras"), {.date_saved = a_date});
  Model loaded = load_keras(folder.file("m.keras"));
  save_keras(loaded, folder.file("n.keras"), {.date_saved = a_date});
  const bool same_bytes =
      read_file(folder.file("m.keras")) == read_file(folder.file("n.keras"));
  CHECK(same_bytes);
  model.reset_metrics();
  const Logs got = loaded.train_on_batch(data), expected = model.train_on_batch(data);
  CHECK(got.names() == expected.names());
  for (const auto& [name, value] : expected) CHECK(got[name] == value);
  check_same_weights(loaded, model);
  const Model plain = load_keras(folder.file("m.keras"), {.compile = false});
  CHECK(plain.compile_options() == nullptr);
  save_keras(model, folder.file("plain.keras"), {.include_optimizer = false});
  CHECK(load_keras(folder.file("plain.keras")).compile_options() == nullptr);
}

TEST_CASE("What a Keras archive has no place for is refused") {
  const TemporaryFolder folder;
  const auto why = [&](const CompileOptions& options) {
    Model model = text_model();
    model.compile(options);
    return message_of([&] { save_keras(model, folder.file("m.keras")); });
  };
  CHECK(why({.optimizer = LazyAdam({.name = "lazy"}), .loss = Poisson()}) ==
        "LazyAdam \"lazy\": how Keras keeps its state is not known; save the model with "
        ".include_optimizer = false");
  CHECK(why({.loss = Poisson(), .metrics = {SpearmanCorrelation()}}) ==
        "SpearmanCorrelation: Keras has no such class; another one can be saved, or the model "
        "alone with .include_optimizer = false");
  CHECK(why({.loss = Poisson(), .metrics = {PearsonCorrelation({.over_all = true})}}) ==
        "PearsonCorrelation \"pearson_correlation\": Keras's metric has no over_all; without it, "
        "it can be saved, or the model alone with .include_optimizer = false");
  CHECK(why({.loss = Poisson(), .metrics = {Huber()}}) ==
        "Huber \"huber_loss\": is no metric that Keras's compile() takes; without it, the model "
        "can be saved, or it alone with .include_optimizer = false");
  CHECK(why({.loss = Poisson(), .metrics = {Mean()}}) ==
        "Mean \"mean\": is no metric that Keras's compile() takes; without it, the model can be "
        "saved, or it alone with .include_optimizer = false");
  const Adam adam;
  adam.exclude_from_weight_decay({"bias"});
  CHECK(why({.optimizer = adam, .loss = Poisson()}) ==
        "Adam \"adam\": exclude_from_weight_decay has no place in a Keras archive; save the model "
        "with .include_optimizer = false");
}

TEST_CASE("A checkpoint that Keras couldn't open is refused before training") {
  const TemporaryFolder folder;
  const auto why = [&](const std::string& file, const ActivationFunction& activation,
                       const Optimizer& optimizer) {
    const auto x = Input({.shape = {4}, .name = "x"});
    const auto h = Dense({.units = 4, .activation = activation, .name = "h"})(x);
    Model model(x, Dense({.units = 1, .name = "d"})(h), "m");
    model.compile({.optimizer = optimizer, .loss = MeanSquaredError()});
    const Tensor before = model.weights().back().value.clone();
    const std::string message = message_of([&] {
      model.fit({ones({2, 4})}, ones({2, 1}),
                {.verbose = Verbose::silent,
                 .callbacks = {ModelCheckpoint({.filepath = folder.file(file)})}});
    });
    CHECK(same_bits(model.weights().back().value, before) == (message != "no error"));
    return message;
  };
  const ActivationFunction old = "hard_sigmoid_keras2";
  CHECK(why("m.keras", old, Adam()) ==
        "Dense \"h\": has the activation hard_sigmoid_keras2, which Keras 3 does not have");
  CHECK(why("{epoch}/m.keras", relu, LazyAdam({.name = "lazy"})) ==
        "LazyAdam \"lazy\": how Keras keeps its state is not known; save the model with "
        ".include_optimizer = false");
  CHECK(why("m", old, LazyAdam()) == "no error");
  CHECK(why("{epoch}/m.keras", relu, Adam()) == "no error");
  CHECK(Model::load(folder.file("1/m.keras")).compile_options() != nullptr);
}

TEST_CASE("Archives may be written beside predictions", "[threads]") {
  const Model model = text_model();
  const Tensors x = batch(1).inputs;
  const Tensor y = model.predict(x);
  const TemporaryFolder folder;
  std::thread writer([&] {
    for (int i = 0; i < 5; ++i) save_keras(model, folder.file("m.keras"));
    save_keras_weights(model, folder.file("m.weights.h5"));
  });
  bool same = true;
  for (int i = 0; i < 20; ++i) same = same && same_bits(model.predict(x), y);
  writer.join();
  CHECK(same);
  check_same_weights(load_keras(folder.file("m.keras")), model);
}
