// What can't be exported, and the graph by itself.
#include <kindling/io/onnx/model_graph.h>
#include <kindling/io/onnx/registry.h>
#include <kindling/kindling.h>

#include "tests/onnx/parsed.h"

using namespace kindling;
using Strings = std::vector<std::string>;

namespace {

std::string error_of(const Layer& model, const OnnxOptions& options = {}) {
  return message_of([&] { onnx_bytes(model, options); });
}

}  // namespace

TEST_CASE("A stateful layer's states are inputs and outputs of its ONNX graph") {
  const auto x = Input({.shape = {any, 4}, .name = "x"});
  const auto lstm = LSTM({.units = 2, .stateful = true, .name = "lstm"});
  const onnx::ModelProto model =
      exported(Model(x, Dense({.units = 3, .name = "d"})(lstm(x))));
  CHECK(texts_of(model.graph().input()) ==
        Strings{"x FLOAT (batch, x_time, 4)", "lstm_state_0 FLOAT (batch, 2)",
                                 "lstm_state_1 FLOAT (batch, 2)"});
  CHECK(texts_of(model.graph().output()) ==
        Strings{"d FLOAT (batch, 3)", "lstm_next_state_0 FLOAT (batch, 2)",
                                 "lstm_next_state_1 FLOAT (batch, 2)"});
}

TEST_CASE("What an ONNX graph can't do is refused by name") {
  const auto x = Input({.shape = {any, 4}, .name = "x"});
  const auto dropout = Dropout({.rate = 0.25, .name = "dropout"});
  CHECK(error_of(Model(x, dropout(x, {.training = true}))) ==
        "Dropout \"dropout\": is called with training = true, where rate = 0.25 takes random "
        "numbers, which an ONNX graph doesn't have; export a model that is called without");
  const Functional inner({.inputs = {x}, .outputs = {dropout(x)}});
  const auto y = Input({.shape = {any, 4}});
  CHECK(error_of(Model(y, inner(y, {.training = true}))) != "no error");
  CHECK(error_of(Model(y, inner(y))) == "no error");
  CHECK(error_of(Model(x, GRU({.units = 2, .recurrent_dropout = 0.5})(x, {.training = true}))) !=
        "no error");
  CHECK(error_of(Model(x, Dropout({.rate = 0})(x, {.training = true}))) == "no error");
  CHECK(error_of(Model(x, inner(x)), {.input_signature = {{.shape = {4}}}}).ends_with(
            ": has inputs of its own, and takes no input_signature"));
  CHECK(error_of(Layer()) == "export_onnx: a model is needed, got none");
}

TEST_CASE("Operands that don't fit are refused by name") {
  const auto x = Input({.shape = {any, 4}, .name = "x"});
  const auto ids = Input({.shape = {any}, .dtype = DType::int32, .name = "ids"});
  const auto wide = Input({.shape = {any, 4}, .dtype = DType::boolean, .name = "wide"});
  CHECK(error_of(Model(ids, NotEqual({.value = 0.5, .name = "differs"})(ids))) ==
        "differs/scalar: a whole number of int32 is needed, got 0.5");
  CHECK(error_of(Model({x, wide}, GlobalAveragePooling1D({.name = "pool"})(
                                      x, {.mask = {wide}}))) ==
        "GlobalAveragePooling1D \"pool\": the mask of input 0 is (batch, x_time), got (batch, "
        "wide_time, 4)");
  CHECK(error_of(Model({x, wide}, AdditiveAttention({.name = "see"})(
                                      {x, x}, {.mask = {{}, wide}}))) ==
        "AdditiveAttention \"see\": the mask of input 1 is (batch, x_time), got (batch, wide_time, "
        "4)");
  const auto steps = Input({.shape = {any, 1}, .dtype = DType::int32, .name = "steps"});
  CHECK(error_of(Model(steps, Dense({.units = 2, .name = "dense"})(steps))) ==
        "Dense \"dense\": float32 is needed, got int32");
  CHECK(error_of(Model(steps, Softmax({.name = "soft"})(steps))) ==
        "Softmax \"soft\": float32 is needed, got int32");
  CHECK(error_of(Model(x, Embedding({.input_dim = 3, .output_dim = 2, .name = "table"})(x))) ==
        "Embedding \"table\": ids are int32");
}

TEST_CASE("Parts of an open size are of an open size of their own") {
  OnnxGraph graph("parts", {});
  const std::int64_t batch = graph.named_size("batch"), width = graph.named_size("width");
  const OnnxValue x = graph.input("x", OnnxType::float32, {batch, width});
  const OnnxValues halves = split(x, 2, -1);
  CHECK(graph.text(halves[0].shape) == "(batch, part)");
  CHECK(halves[1].shape == halves[0].shape);
  const OnnxValue five = graph.input("five", OnnxType::float32, {batch, 5});
  CHECK(message_of([&] { split(five, 2, -1); }) ==
        "Split: (batch, 5) can't be cut into 2 parts along axis 1");
}

TEST_CASE("A model inside that is called on sizes more open than its own is exported") {
  const auto four = Input({.shape = {4}, .name = "four"});
  const auto normal = LayerNormalization({.center = false, .scale = false});
  const Functional inner({.inputs = {four}, .outputs = {normal(four), Softmax()(four)}});
  const auto open = Input({.shape = {any}, .name = "open"});
  const auto results = inner.call({open});
  CHECK_FALSE(onnx_bytes(Model(open, {results[0], results[1]})).empty());
}

TEST_CASE("A model beyond what protobuf holds is refused before memory is taken for it") {
  OnnxGraph graph("large", {});
  // Not touched, so that it is no memory yet.
  const Tensor table = Tensor::empty({1 << 15, 1 << 14});
  graph.output("y", graph.weight({.name = "table", .value = table}));
  CHECK(message_of([&] { detail::onnx_file(graph); }) ==
        "export_onnx: a file of protobuf has at most 2147483647 bytes, \"large\" takes 2147483648");
}

TEST_CASE("Open sizes are named once and found to be the same") {
  OnnxGraph g("g", {});
  const std::int64_t a = g.named_size("a"), b = g.named_size("b");
  CHECK(g.named_size("a") == a);
  CHECK(a != b);
  CHECK(g.text({a, 3, b}) == "(a, 3, b)");
  CHECK(g.same(b, a) == a);
  CHECK(g.text({a, 3, b}) == "(a, 3, a)");
  CHECK(g.same(a, 7) == 7);
  CHECK(g.text({a}) == "(a,)");  // open still
  CHECK(g.open_size("time") != g.open_size("time"));
  CHECK(g.plain({a, 3}).str() == "(None, 3)");
}

TEST_CASE("A reshape is written with constants where they say enough") {
  OnnxGraph g("g", {});
  const std::int64_t batch = g.named_size("batch"), steps = g.named_size("steps");
  const OnnxValue x = g.input("x", OnnxType::float32, {batch, steps, 6});
  const auto target = [&](const OnnxShape& shape) {
    const std::size_t before = g.body().nodes.size();
    const OnnxValue y = reshape(x, shape);
    if (g.body().nodes.size() == before) return std::string("nothing");
    const OnnxNode& node = g.body().nodes.back();
    CHECK(node.op == "Reshape");
    for (const OnnxInitializer& each : g.initializers()) {
      if (each.value.name != node.inputs[1]) continue;
      std::string text;
      for (const std::int64_t size : each.integers) text += std::to_string(size) + " ";
      return text;
    }
    return std::string("sizes at run time");
  };
  CHECK(target({batch, steps, 6}) == "nothing");
  CHECK(target({batch, g.open_size("n")}) == "0 -1 ");
  CHECK(target({batch, steps, 2, 3}) == "0 0 2 3 ");
  CHECK(target({g.open_size("n"), 6}) == "-1 6 ");
  CHECK(target({steps, batch, 6}) == "sizes at run time");
  CHECK(target({batch, 0}) == "sizes at run time");
}

TEST_CASE("Values of one name are refused, and outputs step aside") {
  OnnxGraph g("g", {});
  const OnnxValue x = g.input("x", OnnxType::float32, {2});
  CHECK(message_of([&] { g.input("x", OnnxType::float32, {2}); }) ==
        "g: two values are named \"x\"");
  CHECK(g.reserve("x") == "x_1");
  CHECK(g.reserve("y") == "y");
  CHECK((x + x).name == "Add");
  CHECK((x + x).name == "Add_1");
  const OnnxGraph::Scope outer(g, "encoder"), inner(g, "dense");
  CHECK((x + 1).name == "encoder/dense/Add");
}
