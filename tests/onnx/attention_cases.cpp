// Layers of attention: options, masks, keys, scores.
#include "tests/onnx/cases.h"

#include <kindling/kindling.h>

namespace kindling {
namespace {

struct Operands {
  SymbolicTensor q_ids = ids_of("query"), v_ids = ids_of("value");
  SymbolicTensor key = sequence_of("key");
  SymbolicTensor q_mask = Input({.shape = {any}, .dtype = DType::boolean, .name = "q_mask"});
  SymbolicTensor v_mask = Input({.shape = {any}, .dtype = DType::boolean, .name = "v_mask"});
  SymbolicTensor query = Embedding({.input_dim = 9, .output_dim = 5})(q_ids);
  SymbolicTensor value = Embedding({.input_dim = 9, .output_dim = 5})(v_ids);
  SymbolicTensor masked_query = masked(q_ids), masked_value = masked(v_ids);

  SymbolicTensors inputs() const { return {q_ids, v_ids, key, q_mask, v_mask}; }
};

// Every way to call a layer.
SymbolicTensors calls(const Layer& layer, const Operands& o) {
  SymbolicTensors outputs;
  const auto call = [&](const SymbolicTensors& inputs, const SymbolicCallOptions& options = {}) {
    for (const SymbolicTensor& result : layer.call(inputs, options)) outputs.push_back(result);
  };
  call({o.query, o.value});
  call({o.masked_query, o.value});
  call({o.query, o.masked_value});
  call({o.masked_query, o.masked_value}, {.return_attention_scores = true});
  call({o.query, o.value, o.key}, {.mask = {o.q_mask, o.v_mask}, .return_attention_scores = true});
  call({o.masked_query, o.masked_value}, {.use_causal_mask = true,
                                          .return_attention_scores = true});
  call({o.query, o.query}, {.use_causal_mask = true});
  outputs.push_back(GlobalAveragePooling1D()(layer({o.masked_query, o.value})));
  return outputs;
}

OnnxCase of(const std::string& name, const std::vector<Layer>& layers) {
  const Operands o;
  SymbolicTensors outputs;
  for (const Layer& layer : layers) {
    const SymbolicTensors some = calls(layer, o);
    outputs.insert(outputs.end(), some.begin(), some.end());
  }
  return onnx_case(name, o.inputs(), outputs);
}

OnnxCase multi_head_inputs() {
  const auto query = sequence_of("query", 4), value = sequence_of("value", 3);
  const auto key = sequence_of("key", 6);
  const auto pairs = Input({.shape = {any, any}, .dtype = DType::boolean, .name = "pairs"});
  const auto attention = MultiHeadAttention({.num_heads = 2, .key_dim = 3});
  const auto counts = Input({.shape = {any}, .dtype = DType::boolean, .name = "counts"});
  const auto both = attention.with_scores({query, value, key, pairs}, {.use_causal_mask = true});
  return onnx_case("multi_head_inputs", {query, value, key, pairs, counts},
                   {attention({query, value, key}), attention({query, value, key, pairs}),
                    both.output, both.scores,
                    attention({query, value, key}, {.mask = {{}, {}, counts}}),
                    attention({query, value, key, pairs}, {.mask = {{}, counts, counts}}),
                    MultiHeadAttention({.num_heads = 2, .key_dim = 3, .output_shape = {3, 2}})(
                        {query, value})});
}

}  // namespace

std::vector<OnnxCase> attention_cases() {
  return {
      of("additive_attention",
         {AdditiveAttention(), AdditiveAttention({.use_scale = false, .dropout = 0.5}),
          AdditiveAttention({.causal = true})}),
      of("dot_attention", {Attention(), Attention({.use_scale = true, .dropout = 0.5}),
                           Attention({.causal = true})}),
      of("concat_attention",
         {Attention({.score_mode = ScoreMode::concat}),
          Attention({.use_scale = true, .score_mode = ScoreMode::concat})}),
      of("multi_head_attention",
         {MultiHeadAttention({.num_heads = 2, .key_dim = 3}),
          MultiHeadAttention({.num_heads = 3, .key_dim = 2, .value_dim = 4, .dropout = 0.5,
                              .use_bias = false}),
          MultiHeadAttention({.num_heads = 1, .key_dim = 2, .output_shape = {7}})}),
      multi_head_inputs()};
}

}  // namespace kindling
