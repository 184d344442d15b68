// Graphs through archives: nested and shared models, Sequential, layers of one's own.
#include <kindling/io/archives/keras_config.h>
#include <kindling/io/json.h>
#include <kindling/kindling.h>
#include <kindling/train/keras.h>

#include "tests/consumer/scale.h"
#include "tests/keras/archives.h"
#include "tests/keras/saved.h"

using namespace kindling;

namespace {

SymbolicTensor numbers_of(std::int64_t size, const std::string& name = {}) {
  return Input({.shape = {size}, .name = name});
}

Model tower(const std::string& name) {
  const SymbolicTensor x = numbers_of(4);
  const SymbolicTensor hidden =
      Dense({.units = 5, .activation = relu, .name = name + "_hidden"})(x);
  return Model({x}, {Dense({.units = 3})(hidden)}, name);
}

}  // namespace

TEST_CASE("Models inside models come back, called once and more often") {
  const Model inner = tower("tower");
  const SymbolicTensor a = numbers_of(4, "a"), b = numbers_of(4, "b");
  const SymbolicTensor left = inner(a), right = inner(b);
  const SymbolicTensor joined = Concatenate()({left, right});
  const Model model({a, b}, {Dense({.units = 2})(joined), left, right}, "outer");
  randomize(model);
  const Model loaded = check_keras_round_trip(model, {normals({3, 4}, 1), normals({3, 4}, 2)});
  CHECK(loaded.get_layer("tower").class_name() == "Functional");
}

TEST_CASE("Models inside models inside models come back") {
  const SymbolicTensor x = numbers_of(4), y = numbers_of(4), z = numbers_of(3);
  const Model inner = tower("inner");
  const Model middle({x, z}, {Add()({inner(x), z}), inner(x)}, "middle");
  const SymbolicTensors both = middle.call(SymbolicTensors{y, inner(y)});
  const Model model(y, SymbolicTensors{both[0], both[1]}, "outer");
  randomize(model);
  const Model loaded = check_keras_round_trip(model, {normals({3, 4}, 1)});
  // The one that stands in two of them is still one.
  CHECK(loaded.get_layer("inner").impl() ==
        Model(loaded.get_layer("middle")).get_layer("inner").impl());
  const TemporaryFolder folder;
  model.save(folder.file("folder"));
  const Model ours = Model::load(folder.file("folder"));
  CHECK(ours.get_layer("inner").impl() ==
        Model(ours.get_layer("middle")).get_layer("inner").impl());
}

TEST_CASE("Layers of one class are told apart by Keras's order, not by ours") {
  // Made first, but further from the inputs: Keras meets it last.
  const Dense last({.units = 4, .name = "made_first"}), first({.units = 4, .name = "made_last"});
  const SymbolicTensor x = numbers_of(4), y = numbers_of(4);
  const SymbolicTensor from_y = last(y);
  const SymbolicTensor from_x = first(x);
  const SymbolicTensor joined = Add()({Dense({.units = 4, .name = "deep"})(from_x), from_y});
  const Model model({y, x}, joined);
  randomize(model);
  check_keras_round_trip(model, {normals({3, 4}, 1), normals({3, 4}, 2)});
}

TEST_CASE("A layer shared at several depths comes back") {
  const Dense shared({.units = 4, .activation = tanh});
  const SymbolicTensor x = numbers_of(4);
  const SymbolicTensor once = shared(x), twice = shared(once), thrice = shared(twice);
  const Model model(x, {Add()({once, thrice}), twice});
  randomize(model);
  check_keras_round_trip(model, {normals({3, 4}, 1)});
}

TEST_CASE("An input that nothing depends on comes back") {
  const SymbolicTensor x = numbers_of(4, "x"), unused = numbers_of(2, "unused");
  const Model model({x, unused}, Dense({.units = 4})(x));
  randomize(model);
  const Model loaded = check_keras_round_trip(model, {normals({3, 4}, 1), normals({3, 2}, 2)});
  CHECK(loaded.functional()->inputs().size() == 2);
}

TEST_CASE("A Sequential stays one") {
  const Model model = load_keras(keras_file("mlp.keras"));
  CHECK(model.class_name() == "Sequential");
  const TemporaryFolder folder;
  model.save(folder.file("folder"));  // as a folder of ours too
  const Model loaded = Model::load(folder.file("folder"));
  CHECK(loaded.class_name() == "Sequential");
  check_same_predictions(model, loaded, io_of("mlp", "input"));
  const SymbolicTensor x = numbers_of(6);
  const Model outer(x, Dense({.units = 2})(loaded(x)));
  randomize(outer);
  const Model again = check_keras_round_trip(outer, {normals({3, 6}, 1)});
  CHECK(again.get_layer(model.name()).class_name() == "Sequential");
}

TEST_CASE("A layer of one's own comes back once it is registered") {
  const SymbolicTensor x = numbers_of(4);
  const Model model(x, Dense({.units = 2})(Scale({.initial = 0.5, .name = "mine"})(x)));
  randomize(model);
  const TemporaryFolder folder;
  save_keras(model, folder.file("m.keras"));
  CHECK(message_of([&] { load_keras(folder.file("m.keras")); }) ==
        folder.file("m.keras") + ": config.json: 1 class is missing: Scale (layer \"mine\"); "
        "register_layer<..>() adds a class of one's own");
  register_layer<Scale>();
  check_same_predictions(model, load_keras(folder.file("m.keras")), {normals({3, 4}, 1)});
}

TEST_CASE("Operations that are missing are told apart from classes, with another way out") {
  const auto why = [](const std::string& layers) {
    return message_of([&] {
      keras::graph_from_keras(
          parse_json(R"({"class_name": "Functional", "config": {"layers": [)" + layers + "]}}",
                     "json"), "m.keras");
    });
  };
  const std::string add =
      R"({"class_name": "Add", "module": "keras.src.ops.numpy", "name": "plus"})";
  const std::string tanh =
      R"({"class_name": "Tanh", "module": "keras.src.ops.numpy", "name": "squash"})";
  const std::string lambda =
      R"({"class_name": "Lambda", "module": "keras.layers", "name": "own"})";
  const std::string way_out =
      "; a layer in its place, such as Add for x + y, can be read [operations: Any, "
      "ConvertToTensor, LogicalAnd, LogicalOr, NotEqual]";
  CHECK(why(add) == "m.keras: 1 operation is missing: Add of keras.src.ops.numpy (layer "
                    "\"plus\")" + way_out);
  CHECK(why(add + ", " + tanh) ==
        "m.keras: 2 operations are missing: Add of keras.src.ops.numpy (layer \"plus\"), Tanh of "
        "keras.src.ops.numpy (layer \"squash\")" + way_out);
  CHECK(why(tanh + ", " + lambda) ==
        "m.keras: 1 class is missing: Lambda of keras.layers (layer \"own\"); "
        "register_layer<..>() adds a class of one's own; 1 operation is missing: Tanh of "
        "keras.src.ops.numpy (layer \"squash\")" + way_out);
}

TEST_CASE("Frozen layers stay frozen") {
  const SymbolicTensor x = numbers_of(4);
  const Model inner = tower("tower");
  inner.get_layer("tower_hidden").set_trainable(false);
  const Model model(x, Dense({.units = 2, .name = "top"})(inner(x)));
  inner.set_trainable(false);
  const Model loaded = check_keras_round_trip(model, {normals({3, 4}, 1)});
  for (const Weight& w : loaded.weights()) {
    INFO(w.name);
    CHECK(w.trainable == w.name.starts_with("top"));
  }
}

TEST_CASE("What a Keras archive cannot hold is refused when it is saved") {
  const TemporaryFolder folder;
  const auto why = [&](const Model& model) {
    return message_of([&] { save_keras(model, folder.file("m.keras")); });
  };
  const Dense alone({.units = 2, .name = "alone"});
  alone.build({{1, 3}});
  CHECK(why(Model(alone)) ==
        "Dense \"alone\": a Keras archive holds a graph of layers, and this is a layer of one's "
        "own; make a Model of Input()s and what it gives for them");
  const SymbolicTensor x = Input({.shape = {7, 4}});
  CHECK(why(Model(x, Dense({.units = 2, .activation = "glu", .name = "d"})(x))) ==
        "Dense \"d\": has the activation glu, whose results have another size than Keras believes, "
        "so that it could not open the model");
  CHECK(why(Model(x, LSTM({.units = 2, .stateful = true, .name = "l"})(x))) ==
        "LSTM \"l\": keeps states from call to call, for which Keras wants a batch of a known "
        "size; give Input() its batch_size");
  const SymbolicTensor sized = Input({.shape = {7, 4}, .batch_size = 3});
  const Model stateful(sized, LSTM({.units = 2, .stateful = true})(sized));
  randomize(stateful);
  check_keras_round_trip(stateful, {normals({3, 7, 4}, 1)});
}
