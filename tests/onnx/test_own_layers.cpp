// Exporters for layers and activations of one's own.
#include <kindling/autograd/ops.h>
#include <kindling/io/onnx/registry.h>
#include <kindling/kindling.h>

#include "tests/consumer/scale.h"
#include "tests/layers/layer_check.h"
#include "tests/onnx/parsed.h"

using namespace kindling;
using Strings = std::vector<std::string>;

namespace {

// A layer with another inside, and a mask of its own.
class HalfImpl : public LayerImpl {
 public:
  struct Options {
    std::string name = {};
  };
  explicit HalfImpl(const Options& o)
      : LayerImpl("Half", o.name), dense_(add_layer(Dense({.units = 2}))) {}
  void build(const Shapes& inputs) override { dense_.build(inputs); }
  Tensors call(const Tensors& inputs, const Call&) override { return {dense_(inputs[0])}; }
  Tensor compute_mask(const Tensors& inputs, const Call&) override {
    return not_equal(max(inputs[0], {.axis = {-1}}), 0);
  }

 private:
  Dense dense_;
};
using Half = Handle<HalfImpl>;

Tensor twice(const Tensor& x) { return x * 2; }

SymbolicTensor some_input() { return Input({.shape = {any, 4}, .name = "x"}); }

}  // namespace

TEST_CASE("A layer of one's own is exported by what was registered for its class") {
  const auto x = some_input();
  const Model model(x, Scale({.initial = 2, .name = "own"})(x));
  CHECK(message_of([&] { onnx_bytes(model); }) ==
        "Scale \"own\": has no exporter to ONNX; give its class one with register_onnx<..>() "
        "(io/onnx/registry.h)");

  register_onnx<Scale>({.call = [](const OnnxCall& c) {
    return OnnxValues{c.inputs[0] * c.weight("scales")};
  }});
  CHECK(message_of([&] { onnx_bytes(model); }) ==
        "Scale \"own\": has no weight \"scales\", only \"scale\"");

  register_onnx<Scale>({.call = [](const OnnxCall& c) {
    return OnnxValues{c.inputs[0] * c.weight("scale"), c.inputs[0]};
  }});
  CHECK(message_of([&] { onnx_bytes(model); }) ==
        "Scale \"own\": has 1 results, its exporter to ONNX gives 2");

  register_onnx<Scale>({.call = [](const OnnxCall& c) {
    return OnnxValues{sum(c.inputs[0] * c.weight("scale"), -1)};
  }});
  CHECK(message_of([&] { onnx_bytes(model); }) ==
        "Scale \"own\": result 0 is (None, None, 4), its exporter to ONNX gives (batch, x_time)");

  register_onnx<Scale>({.call = [](const OnnxCall& c) {
    return OnnxValues{c.inputs[0] * c.weight("scale")};
  }});
  const onnx::GraphProto graph = exported(model).graph();
  CHECK(operators(graph) == Strings{"Mul", "Identity"});
  CHECK(graph.node(0).name() == "own/Mul");
  CHECK(graph.initializer(0).name() == "own/scale");
  CHECK(texts_of(graph.output()) == Strings{"own FLOAT (batch, x_time, 4)"});
}

TEST_CASE("Layers inside are called, and masks are as the layer makes them") {
  const auto x = some_input();
  const Model model(x, GlobalAveragePooling1D()(Half({.name = "half"})(x)));
  const auto inside = [](const OnnxCall& c) {
    return onnx_call(c.layer.impl()->layers()[0], {c.inputs[0]});
  };
  register_onnx<Half>({.call = inside});
  CHECK(message_of([&] { onnx_bytes(model); }) ==
        "Half \"half\": computes a mask of its own, which its exporter to ONNX doesn't; give "
        "register_onnx a compute_mask too");

  register_onnx<Half>({.call = inside, .compute_mask = [](const OnnxCall& c) {
    return not_equal(max(c.inputs[0], -1), 0);
  }});
  onnx::GraphProto graph = exported(model).graph();
  CHECK(graph.node(0).name() == "half/dense/MatMul");
  CHECK(graph.initializer(0).name() == "half/dense/kernel");
  CHECK(std::ranges::count(operators(graph), "Cast") == 1);  // the mask, as weights

  register_onnx<Half>({.call = inside, .results_carry_masks = true});
  graph = exported(model).graph();
  CHECK(std::ranges::count(operators(graph), "Cast") == 0);
}

TEST_CASE("An activation of one's own needs a name and an exporter") {
  const auto x = some_input();
  register_activation("twice", twice);
  const Model model(x, Dense({.units = 2, .activation = twice, .name = "dense"})(x));
  CHECK(message_of([&] { onnx_bytes(model); }) ==
        "Dense \"dense\": activation \"twice\" has no exporter to ONNX; give it one with "
        "register_onnx_activation");
  register_onnx_activation("twice", [](const OnnxValue& v) { return v * 2; });
  CHECK(operators(exported(model).graph()) == Strings{"MatMul", "Add", "Mul", "Identity"});
}

TEST_CASE("A mask that is dropped is told of, as in a call") {
  const Warnings warnings;
  const auto ids = Input({.shape = {any}, .dtype = DType::int32});
  const auto embedded = Embedding({.input_dim = 5, .output_dim = 4, .mask_zero = true})(ids);
  const auto conv = Conv1D({.filters = 2, .kernel_size = 1, .name = "conv"});
  const Model model(ids, GlobalAveragePooling1D()(conv(embedded)));
  const std::string text =
      "Conv1D \"conv\": does not support masks, the one its input carries ends here; put it back "
      "on the result with with_mask if later layers should see it";
  onnx_bytes(model);
  CHECK(Warnings::list() == Strings{text});
  set_dropped_mask_policy(DroppedMask::error);
  CHECK(message_of([&] { onnx_bytes(model); }) == text);
  set_dropped_mask_policy(DroppedMask::warn);
}
