#include <kindling/layers/additive_attention.h>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/graph.h>
#include <kindling/autograd/matmul.h>
#include <kindling/autograd/reduce.h>
#include <kindling/autograd/sequence.h>
#include <kindling/autograd/shaping.h>
#include <kindling/layers/dropout.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

bool differ(std::int64_t a, std::int64_t b) { return a != b && a != any && b != any; }

// bool (queries, keys): true where key j <= query i, counted from the first of each.
Tensor causal_mask(std::int64_t queries, std::int64_t keys) {
  return less_equal(reshape(arange(keys), {1, keys}), reshape(arange(queries), {queries, 1}));
}

// bool, broadcasts to (batch, Tq, Tv): which values a query sees. Undefined: all.
Tensor attention_mask(const Tensors& inputs, const Tensor& value_mask, bool causal) {
  const std::int64_t batch = inputs[0].size(0), queries = inputs[0].size(1);
  const std::int64_t keys = inputs[1].size(1);
  const Tensor mask = value_mask.defined() ? expand_dims(value_mask, 1) : Tensor();
  if (!causal) return mask;
  const Tensor earlier = causal_mask(queries, keys);
  if (!mask.defined()) return earlier;
  const Shape all{batch, queries, keys};
  return logical_and(broadcast_to(mask, all), broadcast_to(earlier, all));
}

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
  const bool causal = call.use_causal_mask || options_.causal;
  const bool drops = call.training && options_.dropout > 0;
  // For gradients, weights that are kept save computing the scores again; so many of them may be.
  constexpr std::int64_t most_kept = std::int64_t{1} << 22;
  const bool keeps = recording() && query.size(0) * query.size(1) * value.size(1) <= most_kept;
  if (!drops && !keeps && !call.return_attention_scores) {
    return {additive_attention(query, value, key, scale_, {query_mask, value_mask, causal})};
  }
  const Tensor scores = additive_scores(query, key, scale_);  // (batch, Tq, Tv)
  const Tensor mask = attention_mask(inputs, value_mask, causal);
  Tensor weights = mask.defined() ? masked_softmax(scores, mask) : softmax(scores);
  if (drops) weights = dropout(weights, options_.dropout, options_.seed, generator_);
  Tensor output = matmul(weights, value);  // (batch, Tq, depth)
  if (query_mask.defined()) output = where(expand_dims(query_mask, -1), output, scalar(0));
  if (!call.return_attention_scores) return {output};
  return {output, weights};
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
