// Layers that call others: Functional, TimeDistributed, Bidirectional.
#include <kindling/io/onnx/exporters.h>

#include <kindling/tensor/fail.h>

namespace kindling::detail {
namespace {

// (batch, steps, ...) as (batch * steps, ...); the first size is a new one.
OnnxValue folded(const OnnxValue& x, std::int64_t items) {
  OnnxShape shape(x.shape.begin() + 1, x.shape.end());
  shape[0] = items;
  return reshape(x, shape);
}
OnnxValue unfolded(const OnnxValue& x, const OnnxValue& like) {
  OnnxShape shape = x.shape;
  shape[0] = like.size(1);
  shape.insert(shape.begin(), like.size(0));
  return reshape(x, shape);
}

OnnxValues time_distributed(const OnnxCall& c) {
  const OnnxValue& x = c.inputs[0];
  const OnnxValue& mask = c.masks[0];
  OnnxGraph& g = c.graph();
  if (mask.defined()) {
    if (mask.rank() < 2) {
      fail("{}: a mask is (batch, steps, ...), got {}", c.who(), g.text(mask.shape));
    }
    for (int axis = 0; axis < 2; ++axis) g.same(x.size(axis), mask.size(axis));
  }
  const bool of_steps = mask.defined() && mask.rank() == 2;
  const std::int64_t items = g.open_size("items");
  const OnnxValue inner = mask.defined() && !of_steps ? folded(mask, items) : OnnxValue();
  OnnxValues results = onnx_call(c.layer.impl()->layers()[0], {folded(x, items)},
                                 {.mask = {inner}, .training = c.training});
  for (OnnxValue& result : results) {
    OnnxValue passed = result.mask();
    if (passed.defined()) passed = unfolded(passed, x);
    result = with_mask(unfolded(result, x), of_steps ? mask : passed);
  }
  return results;
}

// What a direction takes of {x, forward states..., backward states...}.
OnnxValues part(const OnnxValues& inputs, bool backward) {
  const auto states = static_cast<std::ptrdiff_t>(inputs.size() - 1) / 2;
  const auto begin = inputs.begin() + 1 + (backward ? states : 0);
  OnnxValues taken = {inputs[0]};
  taken.insert(taken.end(), begin, begin + states);
  return taken;
}

OnnxValues bidirectional(const OnnxCall& c) {
  const std::vector<Layer> layers = c.layer.impl()->layers();
  const OnnxCallOptions options{.mask = {c.masks[0]}, .training = c.training};
  const OnnxValues ahead = onnx_call(layers[0], part(c.inputs, false), options);
  const OnnxValues back = onnx_call(layers[1], part(c.inputs, true), options);
  const bool sequences = layers[0].config()["return_sequences"].as_bool("return_sequences");
  const OnnxValue& a = ahead[0];
  const OnnxValue b = sequences ? flip(back[0], 1) : back[0];
  const Config mode = c.option("merge_mode");
  OnnxValues results;
  if (mode.is_null()) {
    results = {a, b};
  } else if (const std::string merge = mode.as_string("merge_mode"); merge == "concat") {
    results = {concatenate({a, b})};
  } else if (merge == "sum") {
    results = {a + b};
  } else if (merge == "mul") {
    results = {a * b};
  } else {
    results = {0.5 * (a + b)};
  }
  for (OnnxValue& result : results) result = with_mask(result, a.mask());
  for (const OnnxValues& each : {ahead, back}) {
    results.insert(results.end(), each.begin() + 1, each.end());
  }
  return results;
}

}  // namespace

OnnxValues export_functional(const FunctionalImpl& model, const OnnxValues& inputs) {
  OnnxGraph& g = *inputs.at(0).graph;
  std::map<const SymbolicNode*, OnnxValues> values;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const SymbolicTensor& want = model.inputs()[i];
    values[want.node().get()] = {
        with_mask(cast(inputs[i], onnx_type(want.dtype())), inputs[i].mask())};
  }
  const auto of = [&](const SymbolicTensor& t) {
    return values.at(t.node().get())[static_cast<std::size_t>(t.index())];
  };
  for (const auto& node : model.nodes()) {
    if (node->inputs.empty()) continue;  // an input
    OnnxValues arguments;
    for (const SymbolicTensor& input : node->inputs) arguments.push_back(of(input));
    const std::vector<bool>& lost = model.lost_masks(*node);
    for (std::size_t i = 0; i < lost.size(); ++i) {
      if (lost[i]) arguments[i] = with_mask(arguments[i], OnnxValue());
    }
    const CallOptions& given = node->arguments;
    OnnxCallOptions options{.training = given.training,
                            .use_causal_mask = given.use_causal_mask,
                            .return_attention_scores = given.return_attention_scores};
    for (const SymbolicTensor& mask : node->masks) {
      options.mask.push_back(mask.defined() ? of(mask) : OnnxValue());
    }
    const OnnxValues results = onnx_call(node->layer, arguments, options);
    if (results.size() != node->shapes.size()) {
      fail("{}: has {} results, its exporter to ONNX gives {}", node->layer.impl()->who(),
           node->shapes.size(), results.size());
    }
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (!compatible(g.plain(results[i].shape), node->shapes[i])) {
        fail("{}: result {} is {}, its exporter to ONNX gives {}", node->layer.impl()->who(), i,
             node->shapes[i].str(), g.text(results[i].shape));
      }
    }
    values[node.get()] = results;
  }
  OnnxValues outputs;
  for (const SymbolicTensor& output : model.outputs()) {
    outputs.push_back(of(output));
    if (model.lost_outputs()[outputs.size() - 1]) outputs.back() = with_mask(outputs.back(), {});
  }
  return outputs;
}

void add_wrapper_exporters(OnnxRegistry& r) {
  r["Functional"] = {
      .call = [](const OnnxCall& c) {
        OnnxValues inputs;
        for (std::size_t i = 0; i < c.inputs.size(); ++i) {
          inputs.push_back(with_mask(c.inputs[i], c.masks[i]));
        }
        return export_functional(static_cast<const FunctionalImpl&>(*c.layer.impl()), inputs);
      },
      .results_carry_masks = true};
  r["Sequential"] = r["Functional"];
  r["TimeDistributed"] = {.call = time_distributed, .results_carry_masks = true};
  r["Bidirectional"] = {.call = bidirectional, .results_carry_masks = true};
}

}  // namespace kindling::detail
