// Models as folders: what comes back is the same model, and what is saved again the same bytes.
#include <atomic>
#include <cmath>
#include <thread>

#include <kindling/autograd/graph.h>
#include <kindling/io/file.h>
#include <kindling/layers/additive_attention.h>
#include <kindling/layers/concatenate.h>
#include <kindling/layers/conv1d.h>
#include <kindling/layers/dense.h>
#include <kindling/layers/dropout.h>
#include <kindling/layers/embedding.h>
#include <kindling/layers/global_pooling1d.h>
#include <kindling/layers/not_equal.h>
#include <kindling/layers/with_mask.h>
#include <kindling/layers/registry.h>
#include <kindling/layers/time_distributed.h>
#include <kindling/optim/sgd.h>
#include <kindling/train/losses.h>
#include <kindling/train/model.h>

#include "tests/consumer/scale.h"
#include "tests/data/temporary_folder.h"
#include "tests/tensors.h"
#include "tests/train/silence.h"

using namespace kindling;

namespace {

SymbolicTensor ids_input(const std::string& name = {}) {
  return Input({.shape = {any}, .dtype = DType::int32, .name = name});
}

Tensor ids(std::uint64_t seed) {
  const Tensor some = random_ids({3, 6}, seed, 9);
  Tensor ends_with_padding = some.clone();
  for (const std::size_t place : {4u, 5u, 11u}) ends_with_padding.mutable_ints()[place] = 0;
  return ends_with_padding;
}

std::vector<std::string> names_of(const Weights& weights) {
  std::vector<std::string> names;
  for (const Weight& w : weights) names.push_back(w.name + (w.trainable ? "" : " (frozen)"));
  return names;
}

// Saves, loads, compares results for these inputs, saves again, compares files.
Model check_round_trip(const Model& model, const Tensors& inputs) {
  const TemporaryFolder folder;
  model.save(folder.file("one"), {{"vocabulary.txt", "[PAD]\n"}});
  Model loaded = Model::load(folder.file("one"));
  loaded.save(folder.file("two"), {{"vocabulary.txt", "[PAD]\n"}});
  for (const char* file : {"/model.json", "/weights.safetensors", "/vocabulary.txt"}) {
    CAPTURE(file);
    const bool same_bytes =
        read_file(folder.file("one") + file) == read_file(folder.file("two") + file);
    CHECK(same_bytes);
  }
  CHECK(loaded.name() == model.name());
  CHECK(loaded.summary() == model.summary());
  CHECK(names_of(loaded.weights()) == names_of(model.weights()));
  const Tensors expected = model.call(inputs), results = loaded.call(inputs);
  REQUIRE(results.size() == expected.size());
  for (std::size_t i = 0; i < results.size(); ++i) CHECK(same_bits(results[i], expected[i]));
  return loaded;
}

}  // namespace

TEST_CASE("The documented model, with masks as call arguments") {
  const auto query = ids_input(), value = ids_input();
  const auto query_mask = not_equal(query, 0), value_mask = not_equal(value, 0);
  const auto embedding = Embedding({.input_dim = 9, .output_dim = 5});
  const auto conv = Conv1D({.filters = 4, .kernel_size = 4, .padding = Padding::same});
  const auto q = conv(embedding(query)), v = conv(embedding(value));
  const auto attended = AdditiveAttention()({q, v}, {.mask = {query_mask, value_mask}});
  const auto pool = GlobalAveragePooling1D();
  const auto joined = Concatenate()({pool(q, {.mask = {query_mask}}), pool(attended)});
  const auto hidden = Dense({.units = 8, .activation = relu})(joined);
  const Model model({query, value}, Dense({.units = 1, .activation = sigmoid})(hidden));
  check_round_trip(model, {ids(1), ids(2)});
}

TEST_CASE("Masks of some inputs only, and ones that with_mask gave") {
  const auto query = ids_input(), value = ids_input();
  const auto embedding = Embedding({.input_dim = 9, .output_dim = 5});
  const auto q = embedding(query), v = embedding(value);
  const auto attention = AdditiveAttention();
  const auto one = attention({q, v}, {.mask = {SymbolicTensor(), not_equal(value, 0)}});
  const auto other = attention({with_mask(q, not_equal(query, 0)), v});
  const auto pool = GlobalAveragePooling1D();
  const Model model({query, value}, {pool(one), pool(other)});
  const Model loaded = check_round_trip(model, {ids(1), ids(2)});
  const Tensors results = loaded.call({ids(1), ids(2)});
  CHECK_FALSE(same_bits(results[0], results[1]));
}

TEST_CASE("Masks that layers make come back with the layers") {
  const SilenceWarnings silence;
  const auto input = ids_input();
  const auto embedded =
      Embedding({.input_dim = 9, .output_dim = 5, .mask_zero = true})(input);
  const auto conv = Conv1D({.filters = 5, .kernel_size = 2, .padding = Padding::causal});
  const auto pool = GlobalAveragePooling1D();
  check_round_trip(Model({input}, {pool(embedded), pool(conv(embedded))}), {ids(1)});
}

TEST_CASE("A shared layer, its calls in any order among those of others") {
  const auto first = Input({.shape = {3}, .name = "first"});
  const auto shared = Dense({.units = 3, .name = "shared"});
  const auto between = Dense({.units = 3, .activation = relu, .name = "between"});
  const auto early = shared(first);
  const auto late_input = Input({.shape = {3}, .name = "late"});
  const auto deep = shared(between(early));
  const auto again = shared(late_input);
  const auto end = Dense({.units = 2, .name = "end"})(deep);
  const auto side = Dense({.units = 2, .name = "side"})(between(again));
  const Model model({late_input, first}, {end, side, early}, "shared_layers");
  const Model loaded = check_round_trip(model, {normals({2, 3}, 1), normals({2, 3}, 2)});
  CHECK(names_of(loaded.weights()) ==
        std::vector<std::string>{"shared/kernel", "shared/bias", "between/kernel", "between/bias",
                                 "end/kernel", "end/bias", "side/kernel", "side/bias"});
}

TEST_CASE("Call arguments: causal, training, scores") {
  const auto input = Input({.shape = {any, 4}});
  const auto attention = AdditiveAttention();
  const auto causal = attention({input, input}, {.use_causal_mask = true});
  const auto [output, scores] = attention.with_scores({input, input});
  const auto always = Dropout({.rate = 0.5, .seed = 3})(input, {.training = true});
  const auto never = Dropout({.rate = 0.5, .seed = 3})(input, {.training = false});
  const Model model({input}, {causal, output, scores, always, never});
  const Tensor x = normals({2, 3, 4}, 1);
  const Model loaded = check_round_trip(model, {x});
  const Tensors results = loaded.call({x}, {.training = true});
  CHECK_FALSE(same_bits(results[0], results[1]));
  CHECK(results[2].shape() == Shape{2, 3, 3});
  CHECK_FALSE(same_bits(results[3], x));
  CHECK(same_bits(results[4], x));
}

TEST_CASE("A model inside a model, called twice") {
  const auto inner_a = Input({.shape = {3}, .name = "a"}), inner_b = Input({.shape = {3}});
  const auto joined = Concatenate({.name = "join"})({inner_a, inner_b});
  const auto wide = Dense({.units = 3, .activation = kindling::tanh, .name = "wide"})(joined);
  const Model inner({inner_a, inner_b}, {wide, Dense({.units = 2})(wide)}, "inner");
  const auto a = Input({.shape = {3}, .name = "a"}), b = Input({.shape = {3}, .name = "b"});
  const auto once = inner.call(SymbolicTensors{a, b});
  const auto twice = inner.call(SymbolicTensors{once[0], b});
  const Model model({a, b}, {Dense({.units = 1})(twice[1]), once[1]}, "outer");
  const Tensors inputs = {normals({2, 3}, 1), normals({2, 3}, 2)};
  check_round_trip(model, inputs);
  inner.set_trainable(false);
  const Model frozen = check_round_trip(model, inputs);
  CHECK(names_of(frozen.weights())[0] == "inner/wide/kernel (frozen)");
}

TEST_CASE("A user's layer, once it is registered") {
  register_layer<Scale>();
  const auto input = Input({.shape = {any, 3}});
  const auto scale = Scale({.initial = 2.5, .name = "mine"});
  const Model model({input}, scale(input));
  Tensor weight = scale.weights()[0].value;
  weight.mutable_floats()[1] = -1;
  check_round_trip(model, {normals({2, 4, 3}, 1)});
}

TEST_CASE("Layers without weights, and inputs that are outputs") {
  const auto input = Input({.shape = {3}}), unused = Input({.shape = {2}});
  check_round_trip(Model({input, unused}, {input, Concatenate()({input, input})}),
                   {normals({2, 3}, 1), normals({2, 2}, 1)});
}

TEST_CASE("A frozen layer stays frozen, and a loaded model trains on") {
  set_random_seed(1);
  const auto input = Input({.shape = {3}});
  const auto frozen = Dense({.units = 4, .name = "frozen"});
  frozen.set_trainable(false);
  const Model model({input}, Dense({.units = 1})(frozen(input)));
  const Tensor x = normals({40, 3}, 1);
  Model loaded = check_round_trip(model, {x});
  CHECK_FALSE(loaded.get_layer("frozen").trainable());
  const Dataset data = from_tensors({x}, tensor_of({40, 1}, [&](const Index& i) {
                                      return element(x, {i[0], 0}) - element(x, {i[0], 2});
                                    }));
  CHECK(message_of([&] { loaded.evaluate(data); })
            .ends_with("evaluate needs a loss and an optimizer; call compile first"));
  loaded.compile({.optimizer = SGD({.learning_rate = 0.05}), .loss = MeanSquaredError()});
  const Tensor before = stop_gradient(loaded.weights()[0].value).clone();
  const History history = loaded.fit(data, {.epochs = 5, .verbose = Verbose::silent});
  CHECK(history["loss"].back() < history["loss"].front());
  CHECK(same_bits(stop_gradient(loaded.weights()[0].value), before));
  check_round_trip(loaded, {x});
}

TEST_CASE("Saving replaces the folder, or leaves it as it was") {
  const TemporaryFolder folder;
  const auto input = Input({.shape = {3}});
  const Model model({input}, Dense({.units = 1, .name = "d"})(input));
  const std::string path = folder.file("model");
  model.save(path);
  const std::string weights = read_file(path + "/weights.safetensors");
  Tensor bias = model.weights()[1].value;
  bias.mutable_floats()[0] = 7;
  CHECK(message_of([&] { model.save(path, {{"a/b", ""}}); }) ==
        "FolderWriter: a plain file name is needed, got \"a/b\"");
  CHECK(message_of([&] { model.save(path, {{"model.json", ""}}); }) ==
        "FolderWriter: \"model.json\" is written twice");
  CHECK(read_file(path + "/weights.safetensors") == weights);
  model.save(path, {{"notes.txt", "hello"}});
  CHECK(Model::load(path).weights()[1].value.floats()[0] == 7);
  CHECK(read_file(path + "/notes.txt") == "hello");
}

TEST_CASE("A model is loaded as one of those that were saved") {
  const TemporaryFolder folder;
  const std::string path = folder.file("model");
  const auto model_of = [](const char* activation, float number) {
    const auto input = Input({.shape = {1}, .name = "x"});
    const Model model({input}, Dense({.units = 1, .activation = activation, .name = "d"})(input),
                      "m");
    for (const Weight& w : model.weights()) {
      Tensor value = w.value;
      value.mutable_floats()[0] = number;
    }
    return model;
  };
  const Model one = model_of("relu", 1), two = model_of("tanh", 2);
  one.save(path);
  std::atomic<bool> done = false;
  std::thread saver([&] {
    for (int i = 0; i < 30; ++i) {
      two.save(path);
      one.save(path);
    }
    done = true;
  });
  int mixed = 0;
  while (!done) {
    const Model loaded = Model::load(path);
    const float result = loaded.predict(tensor({{1.0}})).item();
    mixed += result != 2.0f && result != std::tanh(4.0f);
  }
  saver.join();
  CHECK(mixed == 0);
}

TEST_CASE("A model that could not be loaded is not saved") {
  const TemporaryFolder folder;
  const std::string path = folder.file("model");
  const auto nested = [](int depth) {
    auto x = Input({.shape = {1}});
    Model model({x}, Dense({.units = 1})(x));
    while (--depth > 0) {
      x = Input({.shape = {1}});
      model = Model({x}, model(x));
    }
    return model;
  };
  nested(60).save(path);
  CHECK(Model::load(path).weights().size() == 2);
  CHECK(message_of([&] { nested(80).save(path); }) == "to_json: nested deeper than 200 levels");
  CHECK(Model::load(path).weights().size() == 2);
}

TEST_CASE("Names of Keras's that a call does not write are refused") {
  const TemporaryFolder folder;
  const auto input = Input({.shape = {3}});
  const Model model({input}, Dense({.units = 1})(input));
  for (const std::string name :
       {"m.h5", "m.hdf5", "m.weights.h5", "m.safetensors", "m.npz", "m.npy", "m.onnx", "m.pt",
        "m.PTH", "m.pkl", "m.ckpt", "m.json", "m.zip"}) {
    const std::string path = folder.file(name);
    CHECK(message_of([&] { model.save(path); }) ==
          path + ": whole models are saved as .keras archives and as folders, .h5 is only read; "
                 "save_weights() writes .weights.h5 and .safetensors");
    CHECK_FALSE(std::filesystem::exists(path));
  }
  for (const std::string name :
       {"m.h5", "m.hdf5", "m.keras", "m.npz", "m.npy", "m.onnx", "m.pt", "m.pkl"}) {
    const std::string path = folder.file(name);
    CHECK(message_of([&] { model.save_weights(path); }) ==
          path + ": weights are saved as .weights.h5 and as .safetensors; save() writes whole "
                 "models, as .keras");
    CHECK_FALSE(std::filesystem::exists(path));
  }
  // A folder that has such a name.
  const std::string path = folder.file("m.keras");
  model.save(folder.file("m"));
  std::filesystem::rename(folder.file("m"), path);
  const std::string why = path + ": is a folder, and a Keras archive is a file; use another name";
  CHECK(message_of([&] { model.save(path); }) == why);
  CHECK(message_of([&] { Model::load(path); }) == why);
}

TEST_CASE("A model for each step of a sequence, and layers that stand in several places") {
  const auto inner_x = Input({.shape = {3}});
  const auto shared = Dense({.units = 3, .name = "shared"});
  const Model inner({inner_x}, {shared(inner_x)}, "inner");
  const auto x = Input({.shape = {any, 3}});
  const auto by_step = TimeDistributed({.layer = inner, .name = "by_step"});
  const Model model({x}, {by_step(x), shared(x), TimeDistributed({.layer = shared})(x)}, "outer");
  CHECK(names_of(model.weights()) == std::vector<std::string>{"by_step/inner/shared/kernel",
                                                              "by_step/inner/shared/bias"});
  const Tensor numbers = normals({2, 4, 3}, 1);
  const Model loaded = check_round_trip(model, {numbers});
  const Tensors results = loaded.call({numbers});
  CHECK(same_bits(results[0], results[1]));
  CHECK(loaded.get_layer("shared").weights()[0].value.same_memory(loaded.weights()[0].value));
  shared.set_trainable(false);
  CHECK(names_of(model.weights())[0] == "by_step/inner/shared/kernel (frozen)");
}

TEST_CASE("A layer inside and outside of a model inside is trained once") {
  const auto inner_x = Input({.shape = {3}});
  const auto shared = Dense({.units = 3, .name = "shared"});
  const Model inner({inner_x}, {shared(inner_x)}, "inner");
  const auto x = Input({.shape = {3}});
  Model model({x}, Dense({.units = 1})(inner(shared(x))), "outer");
  CHECK(model.weights().size() == 4);
  CHECK(model.summary().find("Total params: 16 ") != std::string::npos);
  model.compile({.optimizer = SGD({.learning_rate = 0.1}), .loss = MeanSquaredError()});
  model.fit({normals({8, 3}, 1)}, normals({8, 1}, 2), {.verbose = Verbose::silent});
  check_round_trip(model, {normals({2, 3}, 3)});
}
