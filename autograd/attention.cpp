#include <kindling/autograd/graph.h>
#include <kindling/autograd/operands.h>
#include <kindling/autograd/sequence.h>
#include <kindling/tensor/kernels/additive_attention.h>
#include <kindling/tensor/kernels/attention_dropout.h>
#include <kindling/tensor/kernels/dot_attention.h>
#include <kindling/tensor/random.h>

namespace kindling {
namespace {

using detail::floats_or_null;

const bool* bools_or_null(const Tensor& x) { return x.defined() ? x.bools().data() : nullptr; }

// Operands may have an axis of heads before the last.
void check_operands(const char* who, const Tensor& query, const Tensor& value, const Tensor& key,
                    int most_rank) {
  for (const Tensor* x : {&query, &value, &key}) detail::require(who, *x, DType::float32);
  const bool heads = query.rank() == 4;
  const auto fits = [&](const Tensor& x) {
    return x.rank() == query.rank() && x.size(0) == query.size(0) &&
           (!heads || x.size(2) == query.size(2));
  };
  const char* const inner = heads ? "heads, " : "";
  if (query.rank() < 3 || query.rank() > most_rank || !fits(key) ||
      query.size(-1) != key.size(-1)) {
    fail("{}: query (batch, Tq, {}depth) and key (batch, Tv, {}depth) don't fit [query {}, key {}]",
         who, inner, inner, query.shape().str(), key.shape().str());
  }
  if (!fits(value) || value.size(1) != key.size(1)) {
    fail("{}: value (batch, Tv, {}width) and key (batch, Tv, {}depth) don't fit [value {}, key {}]",
         who, inner, inner, value.shape().str(), key.shape().str());
  }
}

void check_mask(const char* who, const char* which, const Tensor& mask, const Shape& shape) {
  if (!mask.defined()) return;
  detail::require(who, mask, DType::boolean);
  if (mask.shape() != shape) {
    fail("{}: the {} mask is {}, got {}", who, which, shape.str(), mask.shape().str());
  }
}

void check_masks(const char* who, const AttentionArguments& options, std::int64_t batch,
                 std::int64_t queries, std::int64_t keys) {
  check_mask(who, "query", options.query_mask, {batch, queries});
  check_mask(who, "value", options.value_mask, {batch, keys});
  check_mask(who, "pair", options.pair_mask, {batch, queries, keys});
}

// The generator as it stands; it moves on past the numbers that dropout takes.
Generator take_numbers(const char* who, const AttentionArguments& options, std::int64_t queries,
                       std::int64_t keys) {
  if (options.dropout == 0) return Generator(0);
  if (!(options.dropout > 0 && options.dropout < 1) || options.generator == nullptr) {
    fail("{}: dropout is in [0, 1) and takes a generator, got {}{}", who, options.dropout,
         options.generator ? "" : " and none");
  }
  const Generator before = *options.generator;
  const std::int64_t blocks = queries * kernels::attention_dropout_blocks(keys);
  *options.generator =
      Generator(before.seed(), before.position() + static_cast<std::uint64_t>(blocks));
  return before;
}

// Gradients of a fused operation: memory for those that are wanted.
struct FusedGradients {
  const std::vector<bool>& wanted;
  std::vector<Gradient> all = std::vector<Gradient>(wanted.size());

  float* memory_for(std::size_t i, const Tensor& input) {
    if (!wanted[i]) return nullptr;
    Tensor gradient = Tensor::empty(input.shape());
    all[i] = gradient;
    return gradient.mutable_floats().data();
  }
};

}  // namespace

Tensors additive_attention(const Tensor& q, const Tensor& v, const Tensor& k, const Tensor& scale,
                           const AttentionArguments& options) {
  constexpr const char* who = "additive_attention";
  check_operands(who, q, v, k, 3);
  detail::require_if_defined(who, scale, DType::float32);
  if (scale.defined() && scale.shape() != Shape{q.size(2)}) {
    fail("{}: scale has a number a channel, {}, got {}", who, q.size(2), scale.shape().str());
  }
  if (options.pair_mask.defined()) {
    fail("{}: takes no pair mask, got {}; dot_product_attention does", who,
         options.pair_mask.shape().str());
  }
  const std::int64_t batch = q.size(0), queries = q.size(1), keys = k.size(1);
  check_masks(who, options, batch, queries, keys);
  const Tensor query = finite_where_masked(q, options.query_mask);
  const Tensor value = finite_where_masked(v, options.value_mask);
  const Tensor key = finite_where_masked(k, options.value_mask);
  const Generator numbers = take_numbers(who, options, batch * queries, keys);
  const kernels::AdditiveAttentionShape s{batch, queries, keys, query.size(2), value.size(2)};
  const auto inputs = [query, key, value, scale, numbers, query_mask = options.query_mask,
                       value_mask = options.value_mask, causal = options.causal,
                       dropout = options.dropout] {
    return kernels::AdditiveAttentionInputs{.query = query.floats().data(),
                                            .key = key.floats().data(),
                                            .value = value.floats().data(),
                                            .scale = floats_or_null(scale),
                                            .query_mask = bools_or_null(query_mask),
                                            .value_mask = bools_or_null(value_mask),
                                            .causal = causal,
                                            .dropout = dropout,
                                            .seed = numbers.seed(),
                                            .position = numbers.position()};
  };
  Tensors results = {Tensor::empty({batch, queries, s.width}, DType::float32, who)};
  if (options.return_scores) {
    results.push_back(Tensor::empty({batch, queries, keys}, DType::float32, who));
  }
  const auto softmax = std::make_shared<std::vector<kernels::SoftmaxOf>>(batch * queries);
  kernels::additive_attention(
      s, inputs(),
      {results[0].mutable_floats().data(), softmax->data(),
       options.return_scores ? results[1].mutable_floats().data() : nullptr});
  const auto pullback = [s, inputs, softmax, results, query, key, value, scale](
                            const Tensors& g, const std::vector<bool>& wanted) {
    FusedGradients gradients{wanted};
    float* const dquery = gradients.memory_for(0, query);
    float* const dkey = gradients.memory_for(1, key);
    float* const dvalue = gradients.memory_for(2, value);
    float* const dscale = gradients.memory_for(3, scale);
    const Tensor dy = g[0].defined() ? g[0] : zeros(results[0].shape());
    const Tensor dscores = results.size() > 1 ? g[1] : Tensor();
    kernels::additive_attention_gradient(
        s, inputs(),
        {results[0].floats().data(), softmax->data(), dy.floats().data(),
         dscores.defined() ? results[1].floats().data() : nullptr, floats_or_null(dscores)},
        {.query = dquery, .key = dkey, .value = dvalue, .scale = dscale});
    return gradients.all;
  };
  return record_fused(who, results, {query, key, value, scale}, pullback);
}

Tensors dot_product_attention(const Tensor& q, const Tensor& v, const Tensor& k,
                              const Tensor& scale, const AttentionArguments& options) {
  constexpr const char* who = "dot_product_attention";
  check_operands(who, q, v, k, 4);
  detail::require_if_defined(who, scale, DType::float32);
  if (scale.defined() && scale.elements() != 1) {
    fail("{}: scale is one number, got {}", who, scale.shape().str());
  }
  const bool multi_head = q.rank() == 4;
  const std::int64_t batch = q.size(0), queries = q.size(1), keys = k.size(1);
  const std::int64_t heads = multi_head ? q.size(2) : 1;
  check_masks(who, options, batch, queries, keys);
  const Tensor query = finite_where_masked(q, options.query_mask);
  const Tensor value = finite_where_masked(v, options.value_mask);
  const Tensor key = finite_where_masked(k, options.value_mask);
  const Generator numbers = take_numbers(who, options, batch * heads * queries, keys);
  const kernels::DotAttentionShape s{batch, heads, queries, keys, query.size(-1), value.size(-1)};
  const auto inputs = [query, key, value, numbers, multi_head, options,
                       factor = scale.defined() ? scale.item() : 1.0f] {
    return kernels::DotAttentionInputs{.query = query.floats().data(),
                                       .key = key.floats().data(),
                                       .value = value.floats().data(),
                                       .scale = factor,
                                       .query_mask = bools_or_null(options.query_mask),
                                       .value_mask = bools_or_null(options.value_mask),
                                       .pair_mask = bools_or_null(options.pair_mask),
                                       .causal = options.causal,
                                       .multi_head = multi_head,
                                       .blind_sees_all = options.blind_sees_all,
                                       .dropout = options.dropout,
                                       .seed = numbers.seed(),
                                       .position = numbers.position()};
  };
  Tensors results = {Tensor::empty(query.shape().with(-1, s.width), DType::float32, who)};
  if (options.return_scores) {
    const Shape scores = multi_head ? Shape{batch, heads, queries, keys}
                                    : Shape{batch, queries, keys};
    results.push_back(Tensor::empty(scores, DType::float32, who));
  }
  kernels::dot_attention(s, inputs(), results[0].mutable_floats().data(),
                         options.return_scores ? results[1].mutable_floats().data() : nullptr);
  const auto pullback = [s, inputs, query, key, value, scale, shape = results[0].shape()](
                            const Tensors& g, const std::vector<bool>& wanted) {
    FusedGradients gradients{wanted};
    const Tensor dy = g[0].defined() ? g[0] : zeros(shape);
    const Tensor dscores = g.size() > 1 ? g[1] : Tensor();
    const kernels::DotAttentionGradients to{.query = gradients.memory_for(0, query),
                                            .key = gradients.memory_for(1, key),
                                            .value = gradients.memory_for(2, value),
                                            .scale = gradients.memory_for(3, scale)};
    kernels::dot_attention_gradient(s, inputs(), dy.floats().data(), floats_or_null(dscores), to);
    return gradients.all;
  };
  return record_fused(who, results, {query, key, value, scale}, pullback);
}

}  // namespace kindling
