#include <kindling/layers/symbolic.h>

#include <atomic>

#include <kindling/layers/call_arguments.h>
#include <kindling/tensor/delete_in_loop.h>

namespace kindling {
namespace {

constexpr Word<DType> dtypes[] = {
    {DType::float32, "float32"}, {DType::int32, "int32"}, {DType::boolean, "bool"}};

}  // namespace

SymbolicTensor Input(const InputOptions& options) {
  const Handle<InputLayerImpl> layer(options);
  return layer(SymbolicTensors{});
}

void InputLayerImpl::fields(Fields& f) {
  // Keras writes the batch axis too.
  Shape batch_shape = options_.shape.inserted(0, options_.batch_size);
  f("batch_shape", batch_shape);
  f("dtype", options_.dtype);
  if (!f.reading()) return;
  options_.batch_size = batch_shape[0];
  options_.shape = batch_shape.without(0);
}

Tensors InputLayerImpl::call(const Tensors&, const Call&) {
  fail_with("is an input, it is given a tensor by the Model it belongs to");
}

Shapes InputLayerImpl::compute_output_shape(const Shapes&, const Call&) {
  return {options_.shape.inserted(0, any)};
}

SymbolicTensors symbolic_call(const Layer& layer, const SymbolicTensors& inputs,
                              const SymbolicCallOptions& options) {
  LayerImpl& impl = *layer.impl();
  detail::check_arguments(impl, inputs, options.mask);
  Shapes shapes;
  std::vector<DType> dtypes;
  for (const SymbolicTensor& input : inputs) {
    shapes.push_back(input.shape());
    dtypes.push_back(input.dtype());
  }
  impl.check(shapes);
  impl.ensure_built(shapes);
  const CallOptions arguments{.training = options.training,
                              .use_causal_mask = options.use_causal_mask,
                              .return_attention_scores = options.return_attention_scores};
  Call settled = impl.settle({}, arguments);
  settled.dtypes = dtypes;
  static std::atomic<std::int64_t> next{0};
  const std::shared_ptr<SymbolicNode> node(new SymbolicNode, detail::DeleteInLoop<SymbolicNode>());
  node->layer = layer;
  node->inputs = inputs;
  node->masks = options.mask;
  node->arguments = arguments;
  node->order = next.fetch_add(1);
  node->shapes = impl.compute_output_shape(shapes, settled);
  // Layers inside that only call() builds get their weights now, as those of the others did.
  if (impl.has_unbuilt_layers()) impl.LayerImpl::compute_output_shape(shapes, settled);
  const std::vector<DType> result_dtypes = impl.compute_output_dtypes(dtypes);
  SymbolicTensors results;
  for (const Shape& shape : node->shapes) {
    SymbolicTensor result;
    result.node_ = node;
    result.index_ = static_cast<int>(results.size());
    result.shape_ = shape;
    if (results.size() < result_dtypes.size()) result.dtype_ = result_dtypes[results.size()];
    results.push_back(result);
  }
  return results;
}

Config to_config(DType dtype) { return word_of(dtype, dtypes); }

void from_config(const Config& config, DType& dtype, const std::string& what) {
  read_word(config, dtype, what, dtypes);
}

Config to_config(const Shape& shape) {
  Config::List sizes;
  for (const std::int64_t size : shape) sizes.push_back(size == any ? Config() : Config(size));
  return sizes;
}

void from_config(const Config& config, Shape& shape, const std::string& what) {
  std::vector<std::int64_t> sizes;
  for (const Config& size : config.as_list(what)) {
    sizes.push_back(size.is_null() ? any : size.as_int(what));
  }
  shape = Shape(sizes);
}

}  // namespace kindling
