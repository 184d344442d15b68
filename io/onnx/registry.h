// How layers become ONNX, by class: an exporter for each. Kindling's own are there; one for a layer
// of your own, once, before a model that has one is exported:
//
//   register_onnx<Scale>({.call = [](const OnnxCall& c) {
//     return OnnxValues{c.inputs[0] * c.weight("scale")};
//   }});
//
// An exporter does what the layer's call() does, with operators of ONNX (io/onnx/operators.h) in
// the place of operations; layers inside are called with onnx_call.
//
// Errors    Scale "scale": has no exporter to ONNX; give its class one with register_onnx<..>()
//           Scale "scale": has no weight "scales", only "scale"
// Source    mirrors layers/registry.h.
#pragma once

#include <functional>
#include <map>
#include <string>

#include <kindling/io/onnx/operators.h>
#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

// A call to be exported, its arguments settled.
struct OnnxCall {
  Layer layer;
  OnnxValues inputs;
  OnnxValues masks;  // as many as inputs
  bool training = false;
  bool use_causal_mask = false;
  bool return_attention_scores = false;

  OnnxGraph& graph() const { return *inputs[0].graph; }
  std::string who() const { return layer.impl()->who(); }
  // The layer's options.
  Config option(const std::string& name) const { return layer.config()[name]; }
  // A weight of the layer, by its name there: "kernel"; the second gives an undefined value if
  // there is none.
  OnnxValue weight(const std::string& name) const;
  OnnxValue find_weight(const std::string& name) const;
  // The mask of an input, undefined if it has none; fails unless it is of that shape.
  OnnxValue mask(std::size_t input, const OnnxShape& shape) const;
  // Of the result, unless the layer has a rule of its own: LayerImpl::compute_mask's.
  OnnxValue passed_mask() const;
};

struct OnnxExporter {
  // The results.
  std::function<OnnxValues(const OnnxCall& call)> call;
  // The mask of the first result. Unless given: OnnxCall::passed_mask.
  std::function<OnnxValue(const OnnxCall& call)> compute_mask = {};
  // Or the masks are those that the results carry.
  bool results_carry_masks = false;
};

// Exporters by class name; at first, those of kindling's layers.
std::map<std::string, OnnxExporter>& onnx_registry();

template <class L>
void register_onnx(OnnxExporter exporter) {
  onnx_registry().insert_or_assign(L::static_class_name(), std::move(exporter));
}

// The same for an activation function of your own, by the name that register_activation gave it.
using OnnxActivation = std::function<OnnxValue(const OnnxValue& x)>;
std::map<std::string, OnnxActivation>& onnx_activations();
void register_onnx_activation(const std::string& name, OnnxActivation activation);
// activation(x), of that name, for the call that has it as an option.
OnnxValue activate(const OnnxCall& call, const Config& name, const OnnxValue& x);

// What Layer::call does: the results of a layer, with the masks they carry.
using OnnxCallOptions = CallArguments<OnnxValue>;
OnnxValues onnx_call(const Layer& layer, const OnnxValues& inputs,
                     const OnnxCallOptions& options = {});

}  // namespace kindling
#pragma GCC visibility pop
