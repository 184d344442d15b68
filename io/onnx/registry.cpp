#include <kindling/io/onnx/registry.h>

#include <algorithm>
#include <set>

#include <kindling/io/onnx/exporters.h>
#include <kindling/layers/axes_last.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

// Zeros of a shape, open sizes 1.
Tensor small(const Shape& shape, OnnxType type) {
  Shape known = shape;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == any) known = known.with(axis, 1);
  }
  const Tensor x = zeros(known);
  if (type == OnnxType::float32) return x;
  return cast(x, type == OnnxType::boolean ? DType::boolean : DType::int32);
}

// Layers that take numbers of any type; kindling's others take float32.
bool takes_any_type(const std::string& class_name) {
  static const std::set<std::string> classes = {
      "Any",       "Bidirectional", "Concatenate",  "ConvertToTensor",  "Dropout",
      "Embedding", "Flatten",       "Functional",   "LogicalAnd",       "LogicalOr",
      "NotEqual",  "Permute",       "RepeatVector", "Reshape",          "Sequential",
      "SpatialDropout1D",           "TimeDistributed",                  "WithMask"};
  return classes.contains(class_name);
}

// What the layer itself would say when it is called.
OnnxExporter of_floats(const OnnxExporter& exporter) {
  OnnxExporter checked = exporter;
  checked.call = [call = exporter.call](const OnnxCall& c) {
    if (c.inputs[0].type != OnnxType::float32) {
      fail("{}: float32 is needed, got {}", c.who(), name(c.inputs[0].type));
    }
    return call(c);
  };
  return checked;
}

Shapes plain_shapes(const OnnxValues& values) {
  Shapes shapes;
  for (const OnnxValue& value : values) shapes.push_back(value.graph->plain(value.shape));
  return shapes;
}

}  // namespace

OnnxValue OnnxCall::find_weight(const std::string& name) const {
  for (const Weight& w : layer.impl()->weights_inside()) {
    if (w.name == name) return graph().weight(w);
  }
  return {};
}

OnnxValue OnnxCall::weight(const std::string& name) const {
  const OnnxValue found = find_weight(name);
  if (found.defined()) return found;
  std::string known;
  for (const Weight& w : layer.impl()->weights_inside()) {
    known += fmt::format("{}\"{}\"", known.empty() ? "" : ", ", w.name);
  }
  fail("{}: has no weight \"{}\", only {}", who(), name, known.empty() ? "none" : known);
}

OnnxValue OnnxCall::mask(std::size_t input, const OnnxShape& shape) const {
  const OnnxValue& given = masks.at(input);
  if (!given.defined()) return given;
  OnnxGraph& g = graph();
  if (!compatible(g.plain(given.shape), g.plain(shape))) {
    fail("{}: the mask of input {} is {}, got {}", who(), input, g.text(shape),
         g.text(given.shape));
  }
  for (std::size_t i = 0; i < shape.size(); ++i) g.same(shape[i], given.shape[i]);
  return given;
}

// The layer is asked itself, with stand-ins for the masks; it also warns of one that ends here.
OnnxValue OnnxCall::passed_mask() const {
  Tensors tensors;
  Call call;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    tensors.push_back(small(graph().plain(inputs[i].shape), inputs[i].type));
    const bool masked = masks[i].defined();
    call.masks.push_back(masked ? small(graph().plain(masks[i].shape), OnnxType::boolean)
                                : Tensor());
  }
  const Tensor passed = layer.impl()->compute_mask(tensors, call);
  if (!passed.defined()) return {};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (call.masks[i].defined() && passed.same_memory(call.masks[i])) return masks[i];
  }
  fail("{}: computes a mask of its own, which its exporter to ONNX doesn't; give register_onnx "
       "a compute_mask too", who());
}

std::map<std::string, OnnxExporter>& onnx_registry() {
  static std::map<std::string, OnnxExporter> registry = [] {
    detail::OnnxRegistry own;
    detail::add_activation_exporters(own);
    detail::add_attention_exporters(own);
    detail::add_dense_exporters(own);
    detail::add_merge_exporters(own);
    detail::add_recurrent_exporters(own);
    detail::add_sequence_exporters(own);
    detail::add_shaping_exporters(own);
    detail::add_wrapper_exporters(own);
    for (auto& [class_name, exporter] : own) {
      if (!takes_any_type(class_name)) exporter = of_floats(exporter);
    }
    return own;
  }();
  return registry;
}

std::map<std::string, OnnxActivation>& onnx_activations() {
  static std::map<std::string, OnnxActivation> activations = detail::own_onnx_activations();
  return activations;
}

void register_onnx_activation(const std::string& name, OnnxActivation activation) {
  onnx_activations().insert_or_assign(name, std::move(activation));
}

OnnxValue activate(const OnnxCall& call, const Config& name, const OnnxValue& x) {
  for (const Layer& layer : call.layer.impl()->layers()) {
    const Config& own = name["config"]["name"];
    if (own.is_string() && own.as_string("name") == layer.name()) return onnx_call(layer, {x})[0];
  }
  const std::string& activation = name.as_string("activation");
  const auto at = onnx_activations().find(activation);
  if (at == onnx_activations().end()) {
    fail("{}: activation \"{}\" has no exporter to ONNX; give it one with "
         "register_onnx_activation", call.who(), activation);
  }
  return at->second(x);
}

std::vector<int> detail::axes_of(const OnnxCall& call, const OnnxValue& x) {
  Axes axes;
  from_config(call.option("axis"), axes, "axis");
  return resolved(call.who(), axes, x.graph->plain(x.shape));
}

void detail::refuse_dropout(const OnnxCall& call, const char* option) {
  if (call.training && number(call, option) > 0) {
    fail("{}: is called with training = true, where {} = {} takes random numbers, which an ONNX "
         "graph doesn't have; export a model that is called without", call.who(), option,
         number(call, option));
  }
}

OnnxValues onnx_call(const Layer& layer, const OnnxValues& inputs, const OnnxCallOptions& options) {
  LayerImpl& impl = *layer.impl();
  const auto at = onnx_registry().find(layer.class_name());
  if (at == onnx_registry().end()) {
    fail("{}: has no exporter to ONNX; give its class one with register_onnx<..>() "
         "(io/onnx/registry.h)", impl.who());
  }
  if (!impl.built()) fail("{}: has no weights yet; call it or fit it first", impl.who());
  impl.check(plain_shapes(inputs));
  const Call settled =
      impl.settle({}, {.training = options.training,
                       .use_causal_mask = options.use_causal_mask,
                       .return_attention_scores = options.return_attention_scores});
  OnnxCall call{.layer = layer, .inputs = inputs, .masks = options.mask,
                .training = settled.training, .use_causal_mask = settled.use_causal_mask,
                .return_attention_scores = settled.return_attention_scores};
  if (call.masks.empty()) {
    for (const OnnxValue& input : inputs) call.masks.push_back(input.mask());
  }
  call.masks.resize(inputs.size());
  const OnnxGraph::Scope names(call.graph(), layer.name());
  const TrainingScope training(settled.training);
  const OnnxExporter& exporter = at->second;
  OnnxValues results = exporter.call(call);
  if (exporter.results_carry_masks) return results;
  const OnnxValue mask = exporter.compute_mask ? exporter.compute_mask(call) : call.passed_mask();
  for (std::size_t i = 0; i < results.size(); ++i) {
    results[i] = with_mask(results[i], i == 0 ? mask : OnnxValue());
  }
  return results;
}

}  // namespace kindling
