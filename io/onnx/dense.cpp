// Layers that look at a vector at a time: Dense, Embedding, LayerNormalization, dropout, masks.
#include <kindling/io/onnx/exporters.h>

#include <kindling/tensor/fail.h>

namespace kindling::detail {
namespace {

// activation(x kernel + bias)
OnnxValue dense_layer(const OnnxCall& c) {
  return activate(c, c.option("activation"),
                  dense(c.inputs[0], c.weight("kernel"), c.find_weight("bias")));
}

OnnxValue embedding(const OnnxCall& c) {
  if (c.inputs[0].type != OnnxType::int32) fail("{}: ids are int32", c.who());
  return take(c.weight("embeddings"), c.inputs[0]);
}

OnnxValue embedding_mask(const OnnxCall& c) {
  return flag(c, "mask_zero") ? not_equal(c.inputs[0], 0) : c.passed_mask();
}

// (x - mean) / sqrt(variance + epsilon) * gamma + beta
OnnxValue layer_normalization(const OnnxCall& c) {
  OnnxGraph& g = c.graph();
  const std::vector<int> axes = axes_of(c, c.inputs[0]);
  return along_axes(axes, c.inputs[0], {}, [&](const OnnxValue& x, const OnnxValue&) {
    const OnnxShape row = {x.size(-1)};
    const OnnxValue gamma = c.find_weight("gamma"), beta = c.find_weight("beta");
    return g.node("LayerNormalization",
                  {x, gamma.defined() ? reshape(gamma, row) : broadcast_to(g.scalar(1), row),
                   beta.defined() ? reshape(beta, row) : beta},
                  x.type, x.shape, {{"axis", -1}, {"epsilon", number(c, "epsilon")}});
  });
}

OnnxValue dropout_layer(const OnnxCall& c) {
  refuse_dropout(c, "rate");
  return c.inputs[0];
}

// Whether x, bool, is true anywhere along an axis.
OnnxValue any_along(const OnnxValue& x, int axis, bool keepdims = false) {
  return not_equal(max(cast(x, OnnxType::float32), axis, keepdims), 0);
}

// Whether any channel differs from mask_value.
OnnxValue masking_mask(const OnnxCall& c) {
  return any_along(not_equal(c.inputs[0], number(c, "mask_value")), -1);
}

OnnxValue masking(const OnnxCall& c) {
  const OnnxValue& x = c.inputs[0];
  return where(expand_dims(masking_mask(c), -1), x, scalar_like(x, 0));
}

// Whether an element along the axes, or of all, is not 0.
OnnxValue any_layer(const OnnxCall& c) {
  OnnxValue x = not_equal(cast(c.inputs[0], OnnxType::float32), 0);
  std::vector<int> axes = axes_of(c, x);
  if (axes.empty()) {
    for (int axis = 0; axis < x.rank(); ++axis) axes.push_back(axis);
  }
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    x = any_along(x, *axis, flag(c, "keepdims"));
  }
  return x;
}

}  // namespace

void add_dense_exporters(OnnxRegistry& r) {
  r["Dense"] = one_result(dense_layer);
  r["Embedding"] = one_result(embedding, embedding_mask);
  r["LayerNormalization"] = one_result(layer_normalization);
  r["Dropout"] = one_result(dropout_layer);
  r["SpatialDropout1D"] = one_result(dropout_layer);
  r["Masking"] = one_result(masking, masking_mask);
  r["NotEqual"] = one_result([](const OnnxCall& c) {
    return not_equal(c.inputs[0], number(c, "value"));
  });
  r["Any"] = one_result(any_layer, no_mask);
  r["ConvertToTensor"] = one_result([](const OnnxCall& c) { return c.inputs[0]; }, no_mask);
  r["LogicalAnd"] = one_result(
      [](const OnnxCall& c) { return logical_and(c.inputs[0], c.inputs[1]); }, no_mask);
  r["LogicalOr"] = one_result(
      [](const OnnxCall& c) { return logical_or(c.inputs[0], c.inputs[1]); }, no_mask);
  r["WithMask"] = one_result([](const OnnxCall& c) { return c.inputs[0]; },
                             [](const OnnxCall& c) { return c.inputs[1]; });
}

}  // namespace kindling::detail
