// AdditiveAttention, Attention and MultiHeadAttention.
#include <kindling/io/onnx/exporters.h>

#include <cmath>

#include <kindling/tensor/fail.h>

namespace kindling::detail {
namespace {

struct Operands {
  OnnxValue query, value, key;                   // (batch, steps, channels)
  OnnxValue query_mask = {}, value_mask = {};    // (batch, steps), undefined for none
  OnnxValue causal = {};                         // (Tq, Tv), undefined for none
};

// Query i sees j <= i.
OnnxValue causal_mask(const OnnxValue& query, const OnnxValue& value) {
  OnnxGraph& g = *query.graph;
  const auto places = [&](const OnnxValue& x) {
    const OnnxValue steps = squeeze(g.sizes({x.size(1)}), 0);
    const OnnxValue zero = g.scalar(0, OnnxType::int64), one = g.scalar(1, OnnxType::int64);
    return g.node("Range", {zero, steps, one}, OnnxType::int64, {x.size(1)});
  };
  return less_equal(expand_dims(places(value), 0), expand_dims(places(query), 1));
}

Operands operands(const OnnxCall& c) {
  refuse_dropout(c, "dropout");
  OnnxGraph& g = c.graph();
  Operands o{.query = c.inputs[0], .value = c.inputs[1],
             .key = c.inputs[c.inputs.size() > 2 ? 2 : 1]};
  g.same(o.query.size(0), o.value.size(0));
  g.same(o.value.size(0), o.key.size(0));
  g.same(o.value.size(1), o.key.size(1));
  o.query_mask = c.mask(0, {o.query.size(0), o.query.size(1)});
  o.value_mask = c.mask(1, {o.value.size(0), o.value.size(1)});
  const Config causal = c.option("causal");  // null: the layer has no such option
  if (c.use_causal_mask || (!causal.is_null() && causal.as_bool("causal"))) {
    o.causal = causal_mask(o.query, o.value);
  }
  return o;
}

// Both, of which either may be undefined.
OnnxValue both(const OnnxValue& a, const OnnxValue& b) {
  if (!a.defined() || !b.defined()) return a.defined() ? a : b;
  return logical_and(a, b);
}

OnnxValues with_scores(const OnnxCall& c, const OnnxValue& output, const OnnxValue& scores) {
  return c.return_attention_scores ? OnnxValues{output, scores} : OnnxValues{output};
}

// output = softmax(scores) value; scores (batch, Tq, Tv). Rows of masked queries are 0.
OnnxValues attended(const OnnxCall& c, const Operands& o, const OnnxValue& scores) {
  const OnnxValue sees_value = o.value_mask.defined() ? expand_dims(o.value_mask, 1) : OnnxValue();
  const OnnxValue weights = blind_softmax(scores, both(sees_value, o.causal));
  OnnxValue output = matmul(weights, o.value);
  if (o.query_mask.defined()) {
    output = where(expand_dims(o.query_mask, -1), output, scalar_like(output, 0));
  }
  return with_scores(c, output, weights);
}

// scores = sum over d of scale[d] tanh(query[b, i, d] + key[b, j, d])
OnnxValue additive_scores(const OnnxValue& query, const OnnxValue& key, const OnnxValue& scale) {
  const OnnxValue each = tanh(expand_dims(query, 2) + expand_dims(key, 1));
  return sum(scale.defined() ? each * scale : each, -1);
}

OnnxValues additive_attention(const OnnxCall& c) {
  const Operands o = operands(c);
  return attended(c, o, additive_scores(o.query, o.key, c.find_weight("scale")));
}

// dot: scale query key^T; concat: concat_score_weight sum of tanh(scale (query + key))
OnnxValues attention(const OnnxCall& c) {
  const Operands o = operands(c);
  const OnnxValue scale = c.find_weight("scale");
  const auto scaled = [&](const OnnxValue& x) { return scale.defined() ? x * scale : x; };
  if (word(c, "score_mode") == "dot") {
    return attended(c, o, matmul(scaled(o.query), transpose(o.key, {0, 2, 1})));
  }
  return attended(c, o, additive_scores(scaled(o.query), scaled(o.key), {}) *
                            c.weight("concat_score_weight"));
}

// x (batch, steps, n) times a kernel whose first axes, `summed` of them, have n elements together:
// (batch, steps, the kernel's other axes...).
OnnxValue project(const OnnxCall& c, const OnnxValue& x, const std::string& name,
                  std::ptrdiff_t summed) {
  const OnnxValue kernel = c.weight(name + "/kernel"), bias = c.find_weight(name + "/bias");
  const OnnxShape result(kernel.shape.begin() + summed, kernel.shape.end());
  std::int64_t in = 1, out = 1;
  for (auto size = kernel.shape.begin(); size != kernel.shape.end(); ++size) {
    (size - kernel.shape.begin() < summed ? in : out) *= *size;
  }
  const OnnxValue y = dense(reshape(x, {x.size(0), x.size(1), in}), reshape(kernel, {in, out}),
                            bias.defined() ? reshape(bias, {out}) : bias);
  OnnxShape shape = {x.size(0), x.size(1)};
  shape.insert(shape.end(), result.begin(), result.end());
  return reshape(y, shape);
}

// Which pairs of a query and a value see each other: (batch or 1, Tq or 1, Tv).
OnnxValue pairs(const OnnxCall& c, const Operands& o) {
  OnnxValue sees = o.causal.defined() ? expand_dims(o.causal, 0) : OnnxValue();
  if (o.query_mask.defined()) sees = both(sees, expand_dims(o.query_mask, 2));
  if (o.value_mask.defined()) sees = both(sees, expand_dims(o.value_mask, 1));
  if (c.inputs.size() < 3) return sees;
  const OnnxValue key_mask = c.mask(2, {o.value.size(0), o.value.size(1)});
  if (key_mask.defined()) sees = both(sees, expand_dims(key_mask, 1));
  if (c.inputs.size() < 4) return sees;
  if (c.inputs[3].type != OnnxType::boolean) fail("{}: attention_mask is bool", c.who());
  const OnnxShape shape = {o.query.size(0), o.query.size(1), o.value.size(1)};
  for (int axis = 0; axis < 3; ++axis) {
    c.graph().same(shape[static_cast<std::size_t>(axis)], c.inputs[3].size(axis));
  }
  return both(sees, c.inputs[3]);
}

// Of each head: softmax(q k^T / sqrt(key_dim)) v, then all heads' projected together.
OnnxValues multi_head_attention(const OnnxCall& c) {
  const Operands o = operands(c);
  const OnnxValue query = project(c, o.query, "query", 1);  // (batch, Tq, heads, key_dim)
  const OnnxValue key = project(c, o.key, "key", 1), value = project(c, o.value, "value", 1);
  const double scale = 1 / std::sqrt(number(c, "key_dim"));
  const OnnxValue scores = matmul(scale * transpose(query, {0, 2, 1, 3}),
                                  transpose(key, {0, 2, 3, 1}));  // (batch, heads, Tq, Tv)
  const OnnxValue pairs_seen = pairs(c, o);
  const OnnxValue sees = pairs_seen.defined() ? expand_dims(pairs_seen, 1) : pairs_seen;
  const bool blind_sees_all = number(c, "dropout") == 0 && !c.return_attention_scores;
  const OnnxValue weights = blind_sees_all ? blind_softmax(scores, sees)
                                           : masked_softmax(scores, sees);
  const OnnxValue heads = transpose(matmul(weights, transpose(value, {0, 2, 1, 3})), {0, 2, 1, 3});
  return with_scores(c, with_mask(project(c, heads, "attention_output", 2), c.passed_mask()),
                     with_mask(weights, sees));
}

}  // namespace

void add_attention_exporters(OnnxRegistry& r) {
  r["AdditiveAttention"] = {.call = additive_attention};
  r["Attention"] = {.call = attention};
  r["MultiHeadAttention"] = {.call = multi_head_attention, .results_carry_masks = true};
}

}  // namespace kindling::detail
