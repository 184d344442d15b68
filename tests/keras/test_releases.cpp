// Archives as the releases of Keras wrote them, made of ours by editing their configs; and what of
// an archive is left out.
#include <kindling/io/archives/hdf5.h>
#include <kindling/io/archives/keras.h>
#include <kindling/io/archives/keras_config.h>
#include <kindling/io/archives/zip.h>
#include <kindling/layers/functional_config.h>
#include <kindling/io/json.h>
#include <kindling/kindling.h>

#include "tests/keras/edited_archives.h"
#include "tests/keras/saved.h"

using namespace kindling;

namespace {

Model loaded_as(const Model& model, const Edits& edits, const std::string& version) {
  const TemporaryFolder folder;
  write_file(folder.file("m.keras"), archive_of(model, edits, version));
  return load_keras(folder.file("m.keras"));
}

// It computes what the model does.
void check_read_as(const Model& model, const Tensors& inputs, const Edits& edits,
                   const std::string& version) {
  check_same_predictions(model, loaded_as(model, edits, version), inputs);
}

Model on_sequence(const Layer& layer, const std::string& head = "head") {
  const SymbolicTensor x = sequence("x");
  Model model(x, Dense({.units = 2, .name = head})(layer(x)));
  randomize(model);
  return model;
}

Model small(const std::string& activation = "relu") {
  const SymbolicTensor x = Input({.shape = {4}, .name = "x"});
  Model model(x, Dense({.units = 1, .name = "o"})(
                     Dense({.units = 3, .activation = activation, .name = "d"})(x)));
  randomize(model);
  return model;
}

std::string why_not(const Model& model, const std::string& what) {
  Model m = model;
  return message_of([&] {
    if (what == "fit") m.fit({zeros({2, 4})}, zeros({2, 1}), {.verbose = Verbose::silent});
    if (what == "evaluate") m.evaluate({zeros({2, 4})}, zeros({2, 1}));
    if (what == "optimizer") m.optimizer();
  });
}

}  // namespace

TEST_CASE("Names, options and values of earlier releases are read") {
  const Tensors x = {normals({3, 7, 4}, 1)};
  check_read_as(on_sequence(LSTM({.units = 3})), x,
                {{R"("class_name":"Orthogonal")", R"("class_name":"OrthogonalInitializer")"}},
                "3.6.0");
  check_read_as(on_sequence(LeakyReLU({.negative_slope = 0.25})), x,
                {{R"("negative_slope":0.25)", R"("alpha":{"class_name":"__numpy__","config":)"
                  R"({"value":0.25,"dtype":"float32"}})"}}, "2.13.1");
  check_read_as(on_sequence(GRU({.units = 3, .reset_after = false})), x,
                {{R"("reset_after":false,)", ""}}, "2.15.0");
  check_read_as(on_sequence(SimpleRNN({.units = 3})), x,
                {{R"("unroll":false)", R"("unroll":false,"implementation":2,"time_major":false,)"
                  R"("num_constants":0,"input_shape":[7,4])"}}, "2.15.0");
  check_read_as(small(), {normals({3, 4}, 1)},
                {{R"({"module":"keras.initializers","class_name":"Zeros","config":{})",
                  R"({"class_name":"Zeros","config":{"dtype":"float32"})"},
                 {R"("seed":null)", R"("seed":{"module":"keras.random","class_name":)"
                  R"("SeedGenerator","config":{"name":"seed_generator","seed":2},)"
                  R"("registered_name":null})"}}, "3.3.3");
}

TEST_CASE("hard_sigmoid is the function that it was in the version that wrote it") {
  const Model now = small("hard_sigmoid"), then = small("hard_sigmoid_keras2");
  const Tensors x = {normals({3, 4}, 1, 3)};
  check_same_predictions(now, loaded_as(now, {}, "3.0.0"), x);
  for (const std::string version : {"2.4.0", "2.15.0"}) {
    check_same_predictions(then, loaded_as(now, {}, version), x);
  }
  const Tensor y = Activation({.activation = "hard_sigmoid_keras2"})(
      tensor({-3.0, -1.0, 0.0, 2.0, 3.0}));
  check_close(y, tensor({0.0, 0.3, 0.5, 0.9, 1.0}), 1e-6);
  CHECK(message_of([&] { archive_of(then, {}, ""); }) ==
        "Dense \"d\": has the activation hard_sigmoid_keras2, which Keras 3 does not have");
}

TEST_CASE("A call's training is kept, but for the false that Keras wrote on its own up to 3.15") {
  const SymbolicTensor x = Input({.shape = {40}, .name = "x"});
  const auto dropped = [&](std::optional<bool> training) {
    return Model(x, Dropout({.rate = 0.5, .seed = 3, .name = "d"})(x, {.training = training}));
  };
  const Tensor ones_in = ones({2, 40});
  const auto drops = [&](const Model& model, bool training) {
    return !same_bits(model.call({ones_in}, {.training = training})[0], ones_in);
  };
  const Model never = loaded_as(dropped(false), {}, "3.16.0");
  CHECK_FALSE(drops(never, true));
  const Model always = loaded_as(dropped(true), {}, "3.16.0");
  CHECK(drops(always, false));
  const Model by_default = loaded_as(dropped(false), {}, "3.15.1");
  CHECK(drops(by_default, true));
  CHECK_FALSE(drops(by_default, false));
  CHECK(drops(loaded_as(dropped(true), {}, "3.2.0"), false));
}

TEST_CASE("An optimizer that isn't there is needed by training alone") {
  Model model = small();
  model.compile({.loss = MeanSquaredError()});
  const std::string adam = R"("module":"keras.optimizers","class_name":"Adam")";
  const Edits edits = {{adam, R"("module":"keras.optimizers","class_name":"Muon")"}};
  const TemporaryFolder folder;
  write_file(folder.file("m.keras"), archive_of(model, edits, "3.16.0"));
  std::vector<std::string> left;
  Model loaded = load_keras(folder.file("m.keras"), {.left_out = &left});
  const std::string why =
      folder.file("m.keras") + ": compile_config: optimizer: no class \"Muon\" is registered; "
      "register_optimizer<Muon>() adds one of your own [registered: Adadelta, Adagrad, Adam, "
      "AdamW, Adamax, Ftrl, Lamb, LazyAdam, Lion, Nadam, RMSprop, SGD]";
  CHECK(left == std::vector<std::string>{why});
  check_same_predictions(model, loaded, {normals({3, 4}, 1)});
  CHECK(why_not(loaded, "evaluate") == "no error");
  for (const std::string what : {"fit", "optimizer"}) {
    CHECK(why_not(loaded, what) ==
          "Functional \"" + loaded.name() + "\": " + what + (what == "fit" ? "" : "()") +
              " needs an optimizer, and the archive's was left out [" + why + "]; call compile");
  }
  CHECK(loaded.compile_options() == nullptr);
  save_keras(loaded, folder.file("again.keras"));
  CHECK(load_keras(folder.file("again.keras")).compile_options() == nullptr);
  loaded.compile({.loss = MeanSquaredError()});
  CHECK(why_not(loaded, "fit") == "no error");
}

TEST_CASE("A loss that isn't there is needed by training and evaluation, a metric by nothing") {
  Model model = small();
  model.compile({.loss = MeanSquaredError(), .metrics = {MeanAbsoluteError(), LogCoshError()}});
  const TemporaryFolder folder;
  std::vector<std::string> left;
  write_file(folder.file("l.keras"),
             archive_of(model, {{"\"MeanSquaredError\"", "\"Own\""}}, "3.16.0"));
  const Model lossless = load_keras(folder.file("l.keras"), {.left_out = &left});
  REQUIRE(left.size() == 1);
  CHECK(left[0].starts_with(folder.file("l.keras") + ": compile_config: loss: no class \"Own\""));
  check_same_predictions(model, lossless, {normals({3, 4}, 1)});
  for (const std::string what : {"fit", "evaluate"}) {
    CHECK(why_not(lossless, what) ==
          "Functional \"" + lossless.name() + "\": " + what +
              " needs a loss, and the archive's was left out [" + left[0] + "]; call compile");
  }
  write_file(folder.file("m.keras"),
             archive_of(model, {{"\"MeanAbsoluteError\"", "\"Own\""}}, "3.16.0"));
  const Model rest = load_keras(folder.file("m.keras"), {.left_out = &left});
  REQUIRE(left.size() == 1);
  CHECK(left[0].starts_with(folder.file("m.keras") + ": compile_config: metrics: "));
  CHECK(left[0].find("no class \"Own\" is registered") != std::string::npos);
  CHECK(rest.evaluate({zeros({2, 4})}, zeros({2, 1})).names() == "loss, logcosh");
}

namespace {

// A model whose layer has a regularizer, its archive with another text in the regularizer's place,
// loaded; what was left out, without the file's name.
struct Read {
  Read(const Model& model, const Edits& edits) {
    const std::string path = folder.file("m.keras");
    write_file(path, archive_of(model, edits, "3.16.0"));
    std::vector<std::string> all;
    loaded.emplace(load_keras(path, {.left_out = &all}));
    for (const std::string& each : all) left.push_back(each.substr(path.size() + 2));
  }
  TemporaryFolder folder;
  std::optional<Model> loaded;
  std::vector<std::string> left;
};

Model with_dense(const DenseOptions& options) {
  const SymbolicTensor x = Input({.shape = {4}, .name = "x"});
  Model model(x, Dense({.units = 1, .name = "o"})(Dense(options)(x)));
  randomize(model);
  model.compile({.loss = MeanSquaredError()});
  return model;
}

}  // namespace

TEST_CASE("Initializers, regularizers and constraints that aren't there: predicting needs none") {
  const Tensors x = {normals({3, 4}, 1)};
  const Model model = with_dense({.units = 3, .kernel_initializer = Constant({.value = 2.5}),
                                  .kernel_regularizer = L2({.l2 = 0.5}),
                                  .bias_constraint = NonNeg(), .name = "d"});
  const std::string of_keras = R"("module":"keras.regularizers",)";
  const std::string ours = of_keras + R"("class_name":"L2","config":{"l2":0.5},)"
                                      R"("registered_name":null)";
  const std::string known = "one of L1, L1L2, L2, OrthogonalRegularizer is needed, got ";
  const std::string where = "config.json: Dense \"d\": kernel_regularizer: ";
  const std::pair<std::string, std::string> regularizers[] = {
      {R"("module":"mine","class_name":"Own","config":{"decay":0.5},)"
       R"("registered_name":"package>Own")", known + "\"Own\""},
      {R"("module":"builtins","class_name":"function","config":"own",)"
       R"("registered_name":"function")", known + "\"own\""},
      {R"("class_name":"__lambda__","config":{"code":"4wE="})", known + "\"__lambda__\""},
      {of_keras + R"("class_name":"L2","config":{"l2":"x"})",
       "l2: a number is needed, got \"x\""},
      {of_keras + R"("class_name":"L2","config":{"l2":0.5,"l3":1})",
       "unknown option \"l3\", got 1"}};
  for (const auto& [written, why] : regularizers) {
    const Read read(model, {{ours, written}});
    INFO(written);
    CHECK(read.left == std::vector<std::string>{where + why});
    check_same_predictions(model, *read.loaded, x);
    for (const char* what : {"fit", "evaluate"}) {
      CHECK(why_not(*read.loaded, what) ==
            where.substr(where.find("Dense")) + why + "; the model was loaded without it");
    }
    const std::string again = read.folder.file("again");  // as it was written, and in a folder
    save_keras(*read.loaded, again + ".keras");
    std::vector<std::string> left;
    load_keras(again + ".keras", {.left_out = &left});
    CHECK(left == std::vector<std::string>{again + ".keras: " + where + why});
    read.loaded->save(again);
    check_same_predictions(model, Model::load(again), x);
  }

  // An initializer is needed by new weights alone, a constraint by training.
  const Edits edits = {{"\"Constant\"", "\"Own\""}};
  const Read initializer(model, edits);
  REQUIRE(initializer.left.size() == 1);
  CHECK(initializer.left[0].starts_with("config.json: Dense \"d\": kernel_initializer: one of "));
  CHECK(why_not(*initializer.loaded, "fit") == "no error");
  const Read constraint(model, {{"\"NonNeg\"", "\"Own\""}});
  const std::string needed = "Dense \"d\": bias_constraint: one of MaxNorm, MinMaxNorm, NonNeg, "
                             "UnitNorm is needed, got \"Own\"";
  CHECK(constraint.left == std::vector<std::string>{"config.json: " + needed});
  CHECK(why_not(*constraint.loaded, "evaluate") == "no error");
  CHECK(why_not(*constraint.loaded, "fit") == needed + "; the model was loaded without it");
  const Weights weights = constraint.loaded->weights();
  const Tensor kernel = weights[0].value.clone();
  backward(sum(square(constraint.loaded->call(x)[0])));
  CHECK(message_of([&] { SGD().step(weights); }) ==
        needed + "; the model was loaded without it");
  CHECK(same_bits(weights[0].value, kernel));
  constraint.loaded->get_layer("d").set_trainable(false);
  CHECK(why_not(*constraint.loaded, "fit") == "no error");

  const Model active = with_dense({.units = 3, .activity_regularizer = L1(), .name = "d"});
  const Read activity(active, {{"\"L1\"", "\"Own\""}});
  check_same_predictions(active, *activity.loaded, x);
  for (const char* what : {"fit", "evaluate"}) {
    CHECK(why_not(*activity.loaded, what) ==
          "Dense \"d\": activity_regularizer: " + known +
              "\"Own\"; the model was loaded without it");
  }
}

TEST_CASE("What is left out is a warning, unless it is asked for") {
  Model model = small();
  model.compile({.loss = MeanSquaredError()});
  static std::string said;
  const WarningHandler before = set_warning_handler([](const std::string& text) { said += text; });
  loaded_as(model, {{"\"MeanSquaredError\"", "\"Own\""}}, "3.16.0");
  set_warning_handler(before);
  CHECK(said.find("loss: no class \"Own\" is registered") != said.npos);
  CHECK(said.ends_with("; it is left out"));
}

TEST_CASE("An object of outputs names losses, metrics and logs") {
  const SymbolicTensor x = Input({.shape = {4}, .name = "x"});
  const Functional graph({.inputs = {x},
                          .outputs = {Dense({.units = 1, .name = "s"})(x),
                                      Dense({.units = 2, .name = "t"})(x)},
                          .output_names = {"first", "second"}});
  Model model{Layer(graph)};
  randomize(model);
  model.compile({.loss = {{"first", MeanSquaredError()}, {"second", MeanAbsoluteError()}},
                 .metrics = {{"second", {LogCoshError()}}}});
  const Model loaded = check_keras_round_trip(model, {normals({3, 4}, 1)});
  CHECK(loaded.evaluate({zeros({2, 4})}, {zeros({2, 1}), zeros({2, 2})}).names() ==
        "loss, first_loss, second_loss, second_logcosh");
  const TemporaryFolder folder;
  model.save(folder.file("m"));
  CHECK(Model::load(folder.file("m")).output_names() ==
        std::vector<std::string>{"first", "second"});
  CHECK(message_of([&] {
          Functional({.inputs = {x}, .outputs = {Dense({.units = 1, .name = "s"})(x)},
                      .name = "f", .output_names = {"a", "b"}});
        }) == "Functional \"f\": output_names has one name of its own per output, got 2 for 1");
}

TEST_CASE("For Keras, a model with a layer that stands outside it too is written out") {
  const Dense d({.units = 4, .name = "d"});
  const SymbolicTensor i = Input({.shape = {4}, .name = "i"}),
                       x = Input({.shape = {4}, .name = "x"});
  const Model sub(i, Dropout({.rate = 0.5, .name = "add"})(Dense({.units = 4, .name = "e"})(d(i))),
                  "sub");
  const SymbolicTensor made = sub.call(SymbolicTensors{x}, {.training = false})[0];
  const Model model(x, Add({.name = "add"})({made, d(d(x))}));
  randomize(model);
  const Tensors some = {normals({3, 4}, 1)};
  const Model loaded = check_keras_round_trip(model, some);
  CHECK(names_of_layers(loaded) == names_of_layers(model));
  CHECK(Model(loaded.get_layer("sub")).get_layer("d").impl() == loaded.get_layer("d").impl());
  const ZipReader zip(archive_of(model, {}, "3.16.0"), "m.keras");
  const std::string text = zip.read("config.json");
  CHECK(text.find("\"add_1\"") != text.npos);
  CHECK(text.find("\"sub\"") == text.npos);
  CHECK(same_bits(loaded.call(some, {.training = true})[0], model.predict(some)));
  const TemporaryFolder folder;
  model.save_weights(folder.file("m.weights.h5"));
  for (const Weight& w : loaded.weights()) std::ranges::fill(Tensor(w.value).mutable_floats(), 0.f);
  loaded.load_weights(folder.file("m.weights.h5"));
  check_same_predictions(model, loaded, some);
}

TEST_CASE("A layer of two models, which Keras marks in the second alone, is one") {
  const auto dense = [](const std::string& name, const std::string& on, const std::string& more) {
    return R"({"module": "keras.layers", "class_name": "Dense", "name": ")" + name +
           R"(", "config": {"name": ")" + name + R"(", "units": 4})" + more +
           R"(, "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__", "config": )"
           R"({"keras_history": [")" + on + R"(", 0, 0]}}], "kwargs": {}}]})";
  };
  const auto input = [](const std::string& name) {
    return R"({"class_name": "InputLayer", "name": ")" + name + R"(", "config": {"name": ")" +
           name + R"(", "batch_shape": [null, 4], "dtype": "float32"}, "inbound_nodes": []})";
  };
  const auto graph = [&](const std::string& name, const std::string& in, const std::string& layers,
                         const std::string& out) {
    return R"("config": {"name": ")" + name + R"(", "layers": [)" + input(in) + ", " + layers +
           R"(], "input_layers": [[")" + in + R"(", 0, 0]], "output_layers": [[")" + out +
           R"(", 0, 0]]})";
  };
  std::string sub = dense("sub", "x", "");
  const std::string own = R"("config": {"name": "sub", "units": 4})";
  sub.replace(sub.find(own), own.size(),
              graph("sub", "i", dense("d", "i", "") + ", " + dense("e", "d", ""), "e"));
  sub.replace(sub.find("\"Dense\""), 7, "\"Functional\"");
  const std::string text =
      R"({"class_name": "Functional", )" +
      graph("m", "x", sub + ", " + dense("d", "sub", R"(, "shared_object_id": 7)"), "d") + "}";
  const Config read = keras::graph_from_keras(parse_json(text, "json"), "json");
  const Model model{Layer(functional_from_config(read["config"], "json"))};
  CHECK(Model(model.get_layer("sub")).get_layer("d").impl() == model.get_layer("d").impl());
}

TEST_CASE("Layers inside others are written under names of their own") {
  const SymbolicTensor x = sequence("x");
  const auto both = [] {
    return Bidirectional({.layer = LSTM({.units = 2, .return_sequences = true})});
  };
  const Model model(x, both()(both()(x)));
  randomize(model);
  check_keras_round_trip(model, {normals({3, 7, 4}, 1)});
  const ZipReader zip(archive_of(model, {}, "3.16.0"), "m.keras");
  const std::string text = zip.read("config.json");
  for (const std::string name : {"forward_lstm", "backward_lstm", "forward_lstm_1",
                                 "backward_lstm_1"}) {
    CHECK(text.find("\"name\":\"" + name + "\"") != text.npos);
  }
}

TEST_CASE("Weights that were written on Windows are found") {
  const Model model = small();
  hdf5::Writer file;
  const std::vector<std::string> layers = {"layers\\dense", "layers\\dense_1"};
  for (std::size_t l = 0; l < 2; ++l) {
    for (std::size_t i = 0; i < 2; ++i) {
      file.dataset(layers[l] + "/vars/" + std::to_string(i), model.weights()[2 * l + i].value);
    }
  }
  const TemporaryFolder folder;
  write_file(folder.file("w.weights.h5"), file.bytes());
  Model other = small();
  for (const Weight& w : other.weights()) std::ranges::fill(Tensor(w.value).mutable_floats(), 0.f);
  other.load_weights(folder.file("w.weights.h5"));
  check_same_predictions(model, other, {normals({3, 4}, 1)});
}

TEST_CASE("Counting metrics are written as Keras has them") {
  Model model = small();
  model.compile({.loss = MeanSquaredError(), .metrics = {TruePositives(), FalseNegatives()}});
  const ZipReader zip(archive_of(model, {}, "3.16.0"), "m.keras");
  const std::string text = zip.read("config.json");
  CHECK(text.find("top_k") == text.npos);
  CHECK(text.find("class_id") == text.npos);
}
