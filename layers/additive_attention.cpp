#include <kindling/layers/additive_attention.h>

#include <kindling/autograd/sequence.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

bool differ(std::int64_t a, std::int64_t b) { return a != b && a != any && b != any; }

template <class Result, class Inputs, class Options>
AttentionResult<Result> both(const Layer& layer, const Inputs& inputs, Options& options) {
  options.return_attention_scores = true;
  auto results = layer.call(inputs, options);
  return {results[0], results[1]};
}

}  // namespace

void AdditiveAttentionImpl::fields(Fields& f) {
  f("use_scale", options_.use_scale);
  f("dropout", options_.dropout);
  f("causal", options_.causal);
  f("seed", options_.seed);
}

void AdditiveAttentionImpl::check_options() const {
  if (!(options_.dropout >= 0 && options_.dropout < 1)) {
    fail("{}: dropout is in [0, 1), got {}", who(), options_.dropout);
  }
}

void AdditiveAttentionImpl::check(const Shapes& inputs) const {
  if (inputs.size() != 2 && inputs.size() != 3) {
    fail("{}: takes {{query, value}} or {{query, value, key}}, got {} input{}", who(),
         inputs.size(), inputs.size() == 1 ? "" : "s");
  }
  for (const Shape& input : inputs) check_rank(input, 3, "(batch, steps, channels)");
  const Shape &query = inputs[0], &value = inputs[1], &key = inputs.back();
  const std::string operands = fmt::format("[query {}, value {}{}]", query.str(), value.str(),
                                           inputs.size() == 3 ? ", key " + key.str() : "");
  if (differ(query[0], value[0]) || differ(value[0], key[0])) {
    fail("{}: inputs differ in batch size {}", who(), operands);
  }
  if (differ(value[1], key[1])) {
    fail("{}: value and key differ in steps, {} against {} {}", who(), value[1], key[1], operands);
  }
  if (differ(query[2], key[2])) {
    fail("{}: query and {} differ in channels, {} against {} {}", who(),
         inputs.size() == 3 ? "key" : "value", query[2], key[2], operands);
  }
  if (query[2] == any) fail("{}: the number of channels must be known {}", who(), operands);
  if (scale_.defined() && scale_.size(0) != query[2]) {
    fail("{}: scale {} was built for {} channels {}", who(), scale_.shape().str(), scale_.size(0),
         operands);
  }
}

void AdditiveAttentionImpl::build(const Shapes& inputs) {
  if (options_.use_scale) scale_ = add_weight("scale", {inputs[0][2]}, GlorotUniform());
}

Tensors AdditiveAttentionImpl::call(const Tensors& inputs, const Call& call) {
  const Tensor &query = inputs[0], &value = inputs[1], &key = inputs.back();
  const Tensor& query_mask = call.masks[0];
  if (query_mask.defined() && query_mask.shape() != Shape{query.size(0), query.size(1)}) {
    fail("{}: a query mask is (batch, Tq), got {} [query {}]", who(), query_mask.shape().str(),
         query.shape().str());
  }
  const Tensor& value_mask = call.masks[1];
  if (value_mask.defined() && value_mask.shape() != Shape{value.size(0), value.size(1)}) {
    fail("{}: a value mask is (batch, Tv) = {}, got {}", who(),
         Shape{value.size(0), value.size(1)}.str(), value_mask.shape().str());
  }
  const double rate = call.training ? options_.dropout : 0;
  if (rate > 0 && !generator_) generator_ = seeded_generator(options_.seed);
  return additive_attention(query, value, key, scale_,
                            {.query_mask = query_mask,
                             .value_mask = value_mask,
                             .causal = call.use_causal_mask || options_.causal,
                             .dropout = rate,
                             .generator = rate > 0 ? &*generator_ : nullptr,
                             .return_scores = call.return_attention_scores});
}

Shapes AdditiveAttentionImpl::compute_output_shape(const Shapes& inputs, const Call& call) {
  const Shape &query = inputs[0], &value = inputs[1];
  const Shape output{query[0], query[1], value[2]};
  if (!call.return_attention_scores) return {output};
  return {output, Shape{query[0], query[1], value[1]}};
}

AttentionResult<Tensor> AdditiveAttention::with_scores(const Tensors& inputs,
                                                       CallOptions options) const {
  return both<Tensor>(*this, inputs, options);
}

AttentionResult<SymbolicTensor> AdditiveAttention::with_scores(const SymbolicTensors& inputs,
                                                               SymbolicCallOptions options) const {
  return both<SymbolicTensor>(*this, inputs, options);
}

}  // namespace kindling
