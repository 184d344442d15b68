// The graph behind symbolic tensors: calls of layers, from Input() on.
//
// Source: keras.Input.
#pragma once

#include <memory>
#include <string>

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

// One call of a layer.
struct SymbolicNode {
  SymbolicNode() = default;
  SymbolicNode(const SymbolicNode&) = delete;
  SymbolicNode& operator=(const SymbolicNode&) = delete;

  Layer layer = {};
  SymbolicTensors inputs = {};
  SymbolicTensors masks = {};  // those given, as in CallArguments
  CallOptions arguments = {};  // the others; its mask is empty
  std::int64_t order = 0;      // later calls have higher numbers
  Shapes shapes = {};          // of the results
  SymbolicNode* next_deleted = nullptr;  // see DeleteInLoop
};

struct InputOptions {
  Shape shape = {};  // of one item, without the batch
  std::int64_t batch_size = any;  // kept for Keras, which asks for it before a stateful layer
  DType dtype = DType::float32;
  std::string name = {};
};
// A model's input: (batch, shape...).
SymbolicTensor Input(const InputOptions& options);

// What Layer's call operators on symbolic tensors do.
SymbolicTensors symbolic_call(const Layer& layer, const SymbolicTensors& inputs,
                              const SymbolicCallOptions& options);

// The layer behind Input().
class InputLayerImpl : public LayerImpl {
 public:
  using Options = InputOptions;
  explicit InputLayerImpl(Options options)
      : LayerImpl("InputLayer", options.name), options_(std::move(options)) {}
  void fields(Fields& f) override;
  void check(const Shapes&) const override {}
  Tensors call(const Tensors&, const Call&) override;
  Shapes compute_output_shape(const Shapes&, const Call&) override;
  std::vector<DType> compute_output_dtypes(const std::vector<DType>&) const override {
    return {options_.dtype};
  }

 private:
  Options options_;
};

Config to_config(DType dtype);
void from_config(const Config& config, DType& dtype, const std::string& what);
Config to_config(const Shape& shape);  // a list, null for `any`
void from_config(const Config& config, Shape& shape, const std::string& what);

}  // namespace kindling
#pragma GCC visibility pop
