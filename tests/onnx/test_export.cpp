// What an exported file is made of, and what ONNX's own checker says of it.
#include <algorithm>
#include <thread>

#include <onnx/checker.h>
#include <onnx/shape_inference/implementation.h>

#include <kindling/io/file.h>
#include <kindling/kindling.h>

#include "tests/data/temporary_folder.h"
#include "tests/onnx/cases.h"
#include "tests/onnx/parsed.h"
#include "tests/tensors.h"

using namespace kindling;
using Strings = std::vector<std::string>;

namespace {

// What the checker, with shapes worked out strictly, has against a model.
std::string fault(onnx::ModelProto model) {
  try {
    onnx::checker::check_model(model);
    const onnx::ShapeInferenceOptions strict{true, 1, true};
    onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(), strict);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

// While one lives, no mask that is dropped is told of.
struct Silent {
  Silent() { set_dropped_mask_policy(DroppedMask::silent); }
  ~Silent() { set_dropped_mask_policy(DroppedMask::warn); }
  Silent(const Silent&) = delete;
  Silent& operator=(const Silent&) = delete;
};

OnnxCase case_of(const std::string& name) {
  for (const OnnxCase& c : onnx_cases()) {
    if (c.name == name) return c;
  }
  FAIL("no case " << name);
  std::abort();
}

}  // namespace

TEST_CASE("Every layer's models pass ONNX's checker, and are written alike each time") {
  const Silent silent;
  const std::vector<OnnxCase> cases = onnx_cases();
  CHECK(cases.size() > 40);
  for (const OnnxCase& c : cases) {
    CAPTURE(c.name);
    const std::string bytes = onnx_bytes(c.model);
    CHECK(fault(parsed(bytes)) == "");
    CHECK(onnx_bytes(c.model) == bytes);
  }
}

TEST_CASE("The cases go through every layer that can be loaded") {
  std::vector<std::string> met = {"InputLayer"};
  const auto meet = [&](const auto& self, const Layer& layer) -> void {
    met.push_back(layer.class_name());
    for (const Layer& inside : layer.impl()->layers()) self(self, inside);
  };
  for (const OnnxCase& c : onnx_cases()) meet(meet, c.model);
  for (const std::string& name : layer_registry().names()) {
    CAPTURE(name);
    CHECK(std::ranges::find(met, name) != met.end());
  }
}

TEST_CASE("The checker would find a fault") {
  onnx::ModelProto model = exported(case_of("text_cnn").model);
  model.mutable_graph()->mutable_node(0)->set_input(0, "nothing");
  CHECK(fault(model) != "");
  model = exported(case_of("text_cnn").model);
  model.mutable_graph()->mutable_output(0)->mutable_type()->mutable_tensor_type()
      ->mutable_shape()->mutable_dim(1)->set_dim_value(5);
  CHECK(fault(model) != "");
}

TEST_CASE("A file has the model's names, and its open sizes are named") {
  const OnnxCase c = case_of("text_similarity_masked");
  const onnx::ModelProto model = exported(c.model);
  CHECK(model.ir_version() == 8);
  CHECK(model.producer_name() == "kindling");
  CHECK(model.producer_version() == version_string);
  REQUIRE(model.opset_import_size() == 1);
  CHECK(model.opset_import(0).domain() == "");
  CHECK(model.opset_import(0).version() == 17);
  const onnx::GraphProto& graph = model.graph();
  CHECK(graph.name() == "text_similarity_masked");
  CHECK(texts_of(graph.input()) ==
        Strings{"query INT32 (batch, query_time)", "value INT32 (batch, value_time)"});
  CHECK(texts_of(graph.output()) == Strings{"score FLOAT (batch, 1)"});
  Strings nodes;
  for (const auto& node : graph.node()) nodes.push_back(node.name());
  CHECK(std::ranges::count(nodes, "cnn_layer/Conv") == 1);
  CHECK(std::ranges::count(nodes, "cnn_layer/Conv_1") == 1);
  std::ranges::sort(nodes);
  CHECK(std::ranges::adjacent_find(nodes) == nodes.end());
}

TEST_CASE("Sizes that must be the same have one name") {
  const auto texts = [](const char* name) {
    const onnx::GraphProto graph = exported(case_of(name).model).graph();
    Strings all = texts_of(graph.input());
    const std::string output = text_of(graph.output(4));
    all.push_back(output.substr(output.find(' ') + 1));
    return all;
  };
  CHECK(texts("additive_attention") ==
        Strings{"query INT32 (batch, query_time)", "value INT32 (batch, value_time)",
                "key FLOAT (batch, value_time, 5)", "q_mask BOOL (batch, query_time)",
                "v_mask BOOL (batch, value_time)",
                "FLOAT (batch, query_time, value_time)"});
  CHECK(texts("time_distributed") ==
        Strings{"words INT32 (batch, words_time, words_2)", "x FLOAT (batch, x_time, 4, 3)",
                "ids INT32 (batch, ids_time)", "s FLOAT (batch, s_time, 4)",
                "FLOAT (batch, x_time, 3, 2)"});
  CHECK(texts("concatenate").back() == "FLOAT (batch, a_time, 8)");
}

TEST_CASE("Weights are initializers once, by their paths, as they are") {
  const OnnxCase c = case_of("nested");
  const onnx::GraphProto graph = exported(c.model).graph();
  const Weights weights = c.model.weights();
  CHECK(weights.size() == 6);  // a layer that is in two models is listed once
  CHECK(weights[0].name.starts_with("encoder/embedding"));
  CHECK(weights[4].name == "head/inner/kernel");
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const onnx::TensorProto& tensor = graph.initializer(static_cast<int>(i));
    CHECK(tensor.name() == weights[i].name);
    const std::vector<std::int64_t> dims(tensor.dims().begin(), tensor.dims().end());
    CHECK(Shape(dims) == weights[i].value.shape());
    const auto elements = weights[i].value.floats();
    CHECK(tensor.raw_data() == std::string(reinterpret_cast<const char*>(elements.data()),
                                           elements.size_bytes()));
  }
  // What follows are constants.
  for (int i = static_cast<int>(weights.size()); i < graph.initializer_size(); ++i) {
    CHECK(graph.initializer(i).name().starts_with("constant"));
  }
}

TEST_CASE("Recurrent layers are ONNX's where these compute the same") {
  const auto x = Input({.shape = {any, 4}, .name = "x"});
  const auto ids = Input({.shape = {any}, .dtype = DType::int32});
  const auto masked = Embedding({.input_dim = 5, .output_dim = 4, .mask_zero = true})(ids);
  const auto has = [](const Model& model, const std::string& op) {
    return std::ranges::count(operators(exported(model).graph()), op) > 0;
  };
  const Model plain(x, LSTM({.units = 3})(x));
  CHECK(has(plain, "LSTM"));
  CHECK_FALSE(has(plain, "Scan"));
  const Model padded(ids, LSTM({.units = 3})(masked));
  CHECK(has(padded, "Scan"));
  CHECK_FALSE(has(padded, "LSTM"));
  CHECK(has(Model(x, GRU({.units = 3, .reset_after = false})(x)), "GRU"));
  CHECK(has(Model(x, GRU({.units = 3, .activation = relu})(x)), "Scan"));
  CHECK(has(Model(x, SimpleRNN({.units = 3})(x)), "RNN"));
}

TEST_CASE("An export replaces a file as a whole") {
  const TemporaryFolder folder;
  const OnnxCase c = case_of("text_cnn");
  export_onnx(c.model, folder.file("model.onnx"));
  CHECK(read_file(folder.file("model.onnx")) == onnx_bytes(c.model));
  const auto x = Input({.shape = {2}});
  const Model broken(x, Dropout({.rate = 0.5})(x, {.training = true}));
  CHECK(message_of([&] { export_onnx(broken, folder.file("model.onnx")); }) != "no error");
  CHECK(read_file(folder.file("model.onnx")) == onnx_bytes(c.model));
  CHECK(message_of([&] { export_onnx(c.model, folder.file("none/model.onnx")); })
            .starts_with(folder.file("none/model.onnx") + ": cannot be saved"));
}

TEST_CASE("A layer that is no graph has the inputs of its first call, or those that are given") {
  const auto dense = Dense({.units = 3, .name = "head"});
  CHECK(message_of([&] { onnx_bytes(dense); }) ==
        "Dense \"head\": has no weights yet; call it or fit it first");
  dense(normals({2, 7, 4}, 1));
  onnx::GraphProto graph = exported(dense).graph();
  CHECK(graph.name() == "head");
  CHECK(texts_of(graph.input()) == Strings{"input_0 FLOAT (batch, 7, 4)"});
  CHECK(texts_of(graph.output()) == Strings{"output_0 FLOAT (batch, 7, 3)"});
  CHECK(graph.initializer(0).name() == "kernel");
  graph = exported(dense, {.input_signature = {{.shape = {any, 4}, .name = "x"}}}).graph();
  CHECK(texts_of(graph.input()) == Strings{"x FLOAT (batch, x_time, 4)"});
  CHECK(texts_of(graph.output()) == Strings{"output_0 FLOAT (batch, x_time, 3)"});
  CHECK(message_of([&] { onnx_bytes(dense, {.input_signature = {{.shape = {5}}}}); }) ==
        "Dense \"head\": kernel (4, 3) was built for 4 channels, got input (None, 5)");
}

TEST_CASE("A model may be exported beside predictions", "[threads]") {
  const auto x = Input({.shape = {any}, .dtype = DType::int32, .name = "x"});
  const auto h = Embedding({.input_dim = 9, .output_dim = 4})(x);
  const Model model(x, Dense({.units = 1})(GlobalAveragePooling1D()(LSTM(
                           {.units = 3, .return_sequences = true})(h))));
  const Tensor ids = random_ids({3, 4}, 1, 9), y = model.predict(ids);
  const TemporaryFolder folder;
  std::thread writer([&] {
    for (int i = 0; i < 5; ++i) export_onnx(model, folder.file("m.onnx"));
  });
  bool same = true;
  for (int i = 0; i < 20; ++i) same = same && same_bits(model.predict(ids), y);
  writer.join();
  CHECK(same);
  CHECK(read_file(folder.file("m.onnx")).size() > 100);
}
