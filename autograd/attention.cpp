#include <kindling/autograd/graph.h>
#include <kindling/autograd/operands.h>
#include <kindling/autograd/sequence.h>
#include <kindling/tensor/kernels/additive_attention.h>
#include <kindling/tensor/kernels/additive_scores.h>

namespace kindling {
namespace {

using detail::floats_or_null;

const bool* bools_or_null(const Tensor& x) { return x.defined() ? x.bools().data() : nullptr; }

void check_operands(const char* who, const Tensor& query, const Tensor& key, const Tensor& scale) {
  detail::require(who, query, DType::float32);
  detail::require(who, key, DType::float32);
  if (query.rank() != 3 || key.rank() != 3 || query.size(0) != key.size(0) ||
      query.size(2) != key.size(2)) {
    fail("{}: query (batch, Tq, depth) and key (batch, Tv, depth) don't fit [query {}, key {}]",
         who, query.shape().str(), key.shape().str());
  }
  if (scale.defined() && scale.shape() != Shape{query.size(2)}) {
    fail("{}: scale has a number a channel, {}, got {}", who, query.size(2), scale.shape().str());
  }
}

void check_mask(const char* which, const Tensor& mask, const Shape& shape) {
  if (!mask.defined()) return;
  detail::require("additive_attention", mask, DType::boolean);
  if (mask.shape() != shape) {
    fail("additive_attention: the {} mask is {}, got {}", which, shape.str(), mask.shape().str());
  }
}

// A gradient for each input that wants one: memory for it, and where that is.
template <std::size_t count>
struct Wanted {
  std::vector<Gradient> gradients = std::vector<Gradient>(count);
  float* data[count] = {};

  Wanted(const Tensor* const (&inputs)[count], const std::vector<bool>& wanted) {
    for (std::size_t i = 0; i < count; ++i) {
      if (!wanted[i]) continue;
      Tensor gradient = Tensor::empty(inputs[i]->shape());
      data[i] = gradient.mutable_floats().data();
      gradients[i] = gradient;
    }
  }
};

}  // namespace

Tensor additive_scores(const Tensor& query, const Tensor& key, const Tensor& scale) {
  check_operands("additive_scores", query, key, scale);
  const kernels::AdditiveScoresShape s{query.size(0), query.size(1), key.size(1), query.size(2)};
  Tensor scores = Tensor::empty({s.batch, s.queries, s.keys});
  kernels::additive_scores(s, query.floats().data(), key.floats().data(), floats_or_null(scale),
                           scores.mutable_floats().data());
  const auto pullback = [s, query, key, scale](const Tensors& g, const std::vector<bool>& wanted) {
    Wanted<3> to({&query, &key, &scale}, wanted);
    kernels::additive_scores_gradient(s, query.floats().data(), key.floats().data(),
                                      floats_or_null(scale), g[0].floats().data(), to.data[0],
                                      to.data[1], to.data[2]);
    return std::move(to.gradients);
  };
  return record_fused("additive_scores", {scores}, {query, key, scale}, pullback)[0];
}

Tensor additive_attention(const Tensor& query, const Tensor& value, const Tensor& key,
                          const Tensor& scale, const AdditiveAttentionMasks& masks) {
  check_operands("additive_attention", query, key, scale);
  detail::require("additive_attention", value, DType::float32);
  const std::int64_t batch = query.size(0), queries = query.size(1), keys = key.size(1);
  if (value.rank() != 3 || value.size(0) != batch || value.size(1) != keys) {
    fail("additive_attention: value (batch, Tv, width) and key (batch, Tv, depth) don't fit "
         "[value {}, key {}]", value.shape().str(), key.shape().str());
  }
  check_mask("query", masks.query, {batch, queries});
  check_mask("value", masks.value, {batch, keys});
  const kernels::AdditiveAttentionShape s{batch, queries, keys, query.size(2), value.size(2)};
  const auto inputs = [=] {
    return kernels::AdditiveAttentionInputs{
        query.floats().data(), key.floats().data(), value.floats().data(), floats_or_null(scale),
        bools_or_null(masks.query), bools_or_null(masks.value), masks.causal};
  };
  Tensor y = Tensor::empty({batch, queries, s.width});
  Tensor log_sums = Tensor::empty({batch, queries});
  kernels::additive_attention(s, inputs(), y.mutable_floats().data(),
                              log_sums.mutable_floats().data());
  const auto pullback = [=](const Tensors& g, const std::vector<bool>& wanted) {
    Wanted<4> to({&query, &key, &value, &scale}, wanted);
    kernels::additive_attention_gradient(s, inputs(), y.floats().data(), log_sums.floats().data(),
                                         g[0].floats().data(),
                                         {to.data[0], to.data[1], to.data[2], to.data[3]});
    return std::move(to.gradients);
  };
  return record_fused("additive_attention", {y}, {query, key, value, scale}, pullback)[0];
}

}  // namespace kindling
