#include <kindling/layers/symbolic.h>

#include <algorithm>
#include <atomic>

#include <kindling/tensor/fail.h>

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
  Shape batch_shape = options_.shape.inserted(0, any);
  f("batch_shape", batch_shape);
  f("dtype", options_.dtype);
  if (f.reading()) options_.shape = batch_shape.without(0);
}

Tensors InputLayerImpl::call(const Tensors&, const Call&) {
  fail_with("is an input, it is given a tensor by the Model it belongs to");
}

Shapes InputLayerImpl::compute_output_shape(const Shapes&, const Call&) {
  return {options_.shape.inserted(0, any)};
}

SymbolicTensor with_mask(const SymbolicTensor& x, const SymbolicTensor& mask) {
  if (!x.defined() || !mask.defined()) {
    fail("with_mask: in a graph of layers, x and mask are both needed, got an undefined {}",
         x.defined() ? "mask" : "x");
  }
  const Shape leading(std::span(x.shape().begin(), static_cast<std::size_t>(std::min(
                                                       mask.shape().rank(), x.shape().rank()))));
  if (mask.dtype() != DType::boolean || !compatible(mask.shape(), leading)) {
    fail("with_mask: a mask is bool and has the leading sizes of its tensor, got {} {} [x {}]",
         name(mask.dtype()), mask.shape().str(), x.shape().str());
  }
  SymbolicTensor masked = x;
  masked.mask_ = std::make_shared<const SymbolicTensor>(mask);
  return masked;
}

SymbolicTensors symbolic_call(const Layer& layer, const SymbolicTensors& inputs,
                              const SymbolicCallOptions& options) {
  LayerImpl& impl = *layer.impl();
  if (options.mask.size() > inputs.size()) {
    impl.fail_masks(options.mask.size(), inputs.size());
  }
  SymbolicTensors masks;
  Shapes shapes;
  bool masked = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined()) fail("{}: input {} is an undefined tensor", impl.who(), i);
    const bool given = i < options.mask.size() && options.mask[i].defined();
    masks.push_back(given ? with_mask(inputs[i], options.mask[i]).mask() : inputs[i].mask());
    masked = masked || masks.back().defined();
    shapes.push_back(inputs[i].shape());
  }
  if (!masked) masks.clear();
  impl.check(shapes);
  impl.ensure_built(shapes);
  const CallOptions arguments{.training = options.training,
                              .use_causal_mask = options.use_causal_mask,
                              .return_attention_scores = options.return_attention_scores};
  Call settled = impl.settle({}, arguments);
  for (const SymbolicTensor& input : inputs) settled.dtypes.push_back(input.dtype());
  static std::atomic<std::int64_t> next{0};
  auto node = std::make_shared<SymbolicNode>(
      SymbolicNode{layer, inputs, masks, arguments, next.fetch_add(1)});
  const auto* input_layer = dynamic_cast<const InputLayerImpl*>(&impl);
  SymbolicTensors results;
  for (const Shape& shape : impl.compute_output_shape(shapes, settled)) {
    SymbolicTensor result;
    result.node_ = node;
    result.index_ = static_cast<int>(results.size());
    result.shape_ = shape;
    result.dtype_ = input_layer != nullptr ? input_layer->dtype()
                                           : impl.compute_output_dtype(inputs.at(0).dtype());
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
