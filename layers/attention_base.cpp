#include <kindling/layers/attention_base.h>

#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

bool differ(std::int64_t a, std::int64_t b) { return a != b && a != any && b != any; }

}  // namespace

void AttentionBase::check_options() const {
  if (const double rate = shared().dropout; !(rate >= 0 && rate < 1)) {
    fail("{}: dropout is in [0, 1), got {}", who(), rate);
  }
}

void AttentionBase::check(const Shapes& inputs) const {
  if (inputs.size() != 2 && inputs.size() != 3) {
    fail("{}: takes {{query, value}} or {{query, value, key}}, got {} input{}", who(),
         inputs.size(), inputs.size() == 1 ? "" : "s");
  }
  for (const Shape& input : inputs) check_rank(input, 3, "(batch, steps, channels)");
  const Shape &query = inputs[0], &value = inputs[1], &key = key_of(inputs);
  const std::string operands = fmt::format("[query {}, value {}{}]", query.str(), value.str(),
                                           inputs.size() == 3 ? ", key " + key.str() : "");
  if (differ(query[0], value[0]) || differ(value[0], key[0])) {
    fail("{}: inputs differ in batch size {}", who(), operands);
  }
  if (differ(value[1], key[1])) {
    fail("{}: value and key differ in steps, {} against {} {}", who(), value[1], key[1], operands);
  }
  check_channels(inputs, operands);
}

void AttentionBase::check_channels(const Shapes& inputs, const std::string& operands) const {
  const Shape &query = inputs[0], &key = key_of(inputs);
  if (differ(query[2], key[2])) {
    fail("{}: query and {} differ in channels, {} against {} {}", who(),
         inputs.size() == 3 ? "key" : "value", query[2], key[2], operands);
  }
}

void AttentionBase::check_mask(const char* which, const Tensor& mask, const Tensor& value) const {
  const Shape want{value.size(0), value.size(1)};
  if (mask.defined() && mask.shape() != want) {
    fail("{}: a {} mask is (batch, Tv) = {}, got {}", who(), which, want.str(),
         mask.shape().str());
  }
}

Tensors AttentionBase::call(const Tensors& inputs, const Call& call) {
  const Tensor &query = inputs[0], &value = inputs[1];
  const Tensor& query_mask = call.masks[0];
  if (query_mask.defined() && query_mask.shape() != Shape{query.size(0), query.size(1)}) {
    fail("{}: a query mask is (batch, Tq), got {} [query {}]", who(), query_mask.shape().str(),
         query.shape().str());
  }
  check_mask("value", call.masks[1], value);
  const auto [dropout, causal, seed] = shared();
  const double rate = call.training ? dropout : 0;
  std::optional<Generator> generator;
  if (rate > 0) {
    generator = generator_.get();
    if (!generator) generator = seeded_generator(seed);
  }
  Tensors finite = inputs;  // the value's mask goes for the key, too
  if (inputs.size() > 2) finite[2] = finite_where_masked(inputs[2], call.masks[1]);
  Tensors results = attend(finite, call,
                           {.query_mask = query_mask,
                            .value_mask = call.masks[1],
                            .causal = call.use_causal_mask || causal,
                            .dropout = rate,
                            .generator = generator ? &*generator : nullptr,
                            .return_scores = call.return_attention_scores});
  if (generator) generator_.set(generator);
  return results;
}

Shapes AttentionBase::compute_output_shape(const Shapes& inputs, const Call& call) {
  const Shape &query = inputs[0], &value = inputs[1];
  const Shape output{query[0], query[1], value[2]};
  if (!call.return_attention_scores) return {output};
  return {output, Shape{query[0], query[1], value[1]}};
}

}  // namespace kindling
