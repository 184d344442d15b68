// Traces, anomalies, profiles and pictures of models.
#include <filesystem>

#include <kindling/io/file.h>

#include "tests/data/temporary_folder.h"
#include "tests/tensors.h"
#include "tests/train/net.h"

using namespace kindling;

namespace {

Model small_text_model() {
  const auto ids = Input({.shape = {any}, .dtype = DType::int32, .name = "ids"});
  const auto x = Embedding({.input_dim = 20, .output_dim = 4, .name = "table"})(ids);
  const auto pooled = GlobalAveragePooling1D({.name = "pool"})(x);
  Model model(ids, Dense({.units = 1, .activation = sigmoid, .name = "score"})(pooled), "m");
  model.compile({.optimizer = Adam(), .loss = BinaryCrossentropy()});
  return model;
}

}  // namespace

TEST_CASE("A trace shows the shapes of a call, layer by layer") {
  const Trace net = trace(Net({.units = 3, .name = "net"}), {normals({5, 2}, 1)});
  CHECK(net.str() ==
        "net (Net)            (5, 2) -> (5, 1)\n"
        "  dense (Dense)      (5, 2) -> (5, 3)\n"
        "  dropout (Dropout)  (5, 3) -> (5, 3)\n"
        "  dense_1 (Dense)    (5, 3) -> (5, 1)\n");
  const Trace graph = trace(small_text_model(), {random_ids({2, 7}, 1, 20)});
  REQUIRE(graph.calls.size() == 4);
  CHECK(graph.calls[1].name == "table");
  CHECK(graph.calls[1].depth == 1);
  CHECK(graph.calls[1].results[0].str() == "(2, 7, 4)");
}

// log(x) and sqrt(x) in a layer.
class RootsImpl : public LayerImpl {
 public:
  struct Options {
    std::string name = {};
  };
  explicit RootsImpl(Options o) : LayerImpl("Roots", o.name) {}
  Tensors call(const Tensors& inputs, const Call&) override {
    return {log(inputs[0]), sqrt(inputs[0])};
  }
};

TEST_CASE("Anomalies: the first operation that isn't finite, there and back, and its layer") {
  const Handle<RootsImpl> roots({.name = "roots"});
  const Tensor bad = variable(tensor({{1.0, 2.0}, {-1.0, 4.0}}));
  CHECK_FALSE(std::isfinite(sum(roots.call({bad})[0]).item()));  // nobody looks
  const DetectAnomaly detect;
  CHECK(message_of([&] { roots.call({bad}); }) ==
        "log in layer \"roots\": made nan at (1, 0) [result (2, 2); input (2, 2), which "
        "is finite]");
  CHECK(message_of([&] { reciprocal(tensor({1.0, 0.0})); }) ==
        "reciprocal outside of layers: made inf at (1,) [result (2,); input (2,), which is "
        "finite]");
  const Tensor zero = variable(tensor({4.0, 1e-45}));
  const Tensor root = roots.call({zero})[1];
  CHECK(message_of([&] { backward({root}, {full({2}, 1e30)}); }) ==
        "gradient of sqrt in layer \"roots\": is inf at (1,) [gradient (2,)]");
}

TEST_CASE("A profile names every layer, and leaves the model as it was") {
  Model model = small_text_model();
  const Batch batch{{random_ids({8, 5}, 1, 20)}, {cast(coins({8, 1}, 2), DType::float32)}};
  model.train_on_batch(batch);
  model.train_on_batch(batch);
  const auto before = numbers(model.predict(batch.inputs));
  const StepProfile made = profile(model, batch, 3);
  REQUIRE(made.layers.size() == 5);  // the model, its three layers that are called and the loss
  CHECK(made.layers[0].name == "m");
  CHECK(made.layers[1].name == "table");
  CHECK(made.layers[1].depth == 1);
  CHECK(made.layers[1].bytes == 8 * 5 * 4 * 4);
  CHECK(made.layers.back().name == "(loss)");
  CHECK(numbers(model.predict(batch.inputs)) == before);
  double inside = 0;
  for (std::size_t i = 1; i < 4; ++i) inside += made.layers[i].forward_ms;
  CHECK(inside <= made.layers[0].forward_ms);
  CHECK(made.layers[0].forward_ms <= made.forward_ms);
  CHECK(made.layers[0].backward_ms > 0);
  CHECK(made.str().find("  table (Embedding)") != std::string::npos);
}

TEST_CASE("A model as a picture") {
  const Model model = small_text_model();
  const std::string dot = model_to_dot(model, {.show_shapes = true, .show_layer_names = true});
  CHECK(dot.find("\"table\" [label=\"{table (Embedding)|{Input: (None, None)|Output: (None, None, "
                 "4)}}\"];") != std::string::npos);
  CHECK(dot.find("\"table\" -> \"pool\";") != std::string::npos);
  const TemporaryFolder folder;
  CHECK(plot_model(model, folder.file("m.dot")) == folder.file("m.dot"));
  CHECK(read_file(folder.file("m.dot")) == model_to_dot(model));
  const std::string written = plot_model(model, folder.file("m.svg"));  // with Graphviz or without
  const std::string text = read_file(written);
  CHECK((written.ends_with(".svg") ? text.find("<svg") != std::string::npos
                                   : text == model_to_dot(model)));
  CHECK(message_of([&] { plot_model(model, folder.file("m.png")); }) ==
        "plot_model: a file .dot or .svg is needed, got \"" + folder.file("m.png") + "\"");
  CHECK(message_of([] { model_to_dot(Model(Net({.name = "net"}))); }) ==
        "Net \"net\": is a layer of its own code and no graph, so it can't be drawn; trace() shows "
        "what a call goes through");
}
