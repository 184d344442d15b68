#include <kindling/autograd/graph.h>
#include <kindling/autograd/operands.h>
#include <kindling/autograd/sequence.h>
#include <kindling/tensor/kernels/additive_attention.h>
#include <kindling/tensor/random.h>

namespace kindling {
namespace {

using detail::floats_or_null;

constexpr const char* who = "additive_attention";

const bool* bools_or_null(const Tensor& x) { return x.defined() ? x.bools().data() : nullptr; }

void check_operands(const Tensor& query, const Tensor& value, const Tensor& key,
                    const Tensor& scale) {
  for (const Tensor* x : {&query, &value, &key}) detail::require(who, *x, DType::float32);
  const auto fits = [&](const Tensor& x) { return x.rank() == 3 && x.size(0) == query.size(0); };
  if (query.rank() != 3 || !fits(key) || query.size(2) != key.size(2)) {
    fail("{}: query (batch, Tq, depth) and key (batch, Tv, depth) don't fit [query {}, key {}]",
         who, query.shape().str(), key.shape().str());
  }
  if (!fits(value) || value.size(1) != key.size(1)) {
    fail("{}: value (batch, Tv, width) and key (batch, Tv, depth) don't fit [value {}, key {}]",
         who, value.shape().str(), key.shape().str());
  }
  if (!scale.defined()) return;
  detail::require(who, scale, DType::float32);
  if (scale.shape() != Shape{query.size(2)}) {
    fail("{}: scale has a number a channel, {}, got {}", who, query.size(2), scale.shape().str());
  }
}

void check_mask(const char* which, const Tensor& mask, const Shape& shape) {
  if (!mask.defined()) return;
  detail::require(who, mask, DType::boolean);
  if (mask.shape() != shape) {
    fail("{}: the {} mask is {}, got {}", who, which, shape.str(), mask.shape().str());
  }
}

// The generator as it stands; it moves on past the numbers that dropout takes.
Generator take_numbers(const AttentionArguments& options, std::int64_t queries,
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

}  // namespace

Tensors additive_attention(const Tensor& query, const Tensor& value, const Tensor& key,
                           const Tensor& scale, const AttentionArguments& options) {
  check_operands(query, value, key, scale);
  const std::int64_t batch = query.size(0), queries = query.size(1), keys = key.size(1);
  check_mask("query", options.query_mask, {batch, queries});
  check_mask("value", options.value_mask, {batch, keys});
  const Generator numbers = take_numbers(options, batch * queries, keys);
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
  Tensors results = {Tensor::empty({batch, queries, s.width})};
  if (options.return_scores) results.push_back(Tensor::empty({batch, queries, keys}));
  const auto softmax = std::make_shared<std::vector<kernels::SoftmaxOf>>(batch * queries);
  kernels::additive_attention(
      s, inputs(),
      {results[0].mutable_floats().data(), softmax->data(),
       options.return_scores ? results[1].mutable_floats().data() : nullptr});
  const auto pullback = [s, inputs, softmax, results, query, key, value, scale](
                            const Tensors& g, const std::vector<bool>& wanted) {
    std::vector<Gradient> gradients(wanted.size());
    const auto memory_for = [&](std::size_t i, const Tensor& input) -> float* {
      if (!wanted[i]) return nullptr;
      Tensor gradient = Tensor::empty(input.shape());
      gradients[i] = gradient;
      return gradient.mutable_floats().data();
    };
    float* const dquery = memory_for(0, query);
    float* const dkey = memory_for(1, key);
    float* const dvalue = memory_for(2, value);
    float* const dscale = memory_for(3, scale);
    const Tensor dy = g[0].defined() ? g[0] : zeros(results[0].shape());
    const Tensor dscores = results.size() > 1 ? g[1] : Tensor();
    kernels::additive_attention_gradient(
        s, inputs(),
        {results[0].floats().data(), softmax->data(), dy.floats().data(),
         dscores.defined() ? results[1].floats().data() : nullptr, floats_or_null(dscores)},
        {.query = dquery, .key = dkey, .value = dvalue, .scale = dscale});
    return gradients;
  };
  return record_fused(who, results, {query, key, value, scale}, pullback);
}

}  // namespace kindling
