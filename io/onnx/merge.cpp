// Layers that join several inputs: Add and its kin, Concatenate, Dot.
#include <kindling/io/onnx/exporters.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace kindling::detail {
namespace {

int highest_rank(const OnnxValues& values) {
  int rank = 0;
  for (const OnnxValue& value : values) rank = std::max(rank, value.rank());
  return rank;
}

OnnxValue with_rank(OnnxValue mask, int rank) {
  while (mask.rank() < rank) mask = expand_dims(mask, -1);
  return mask;
}

OnnxValue any_of(const OnnxValues& masks) {
  if (masks.empty() || !std::ranges::all_of(masks, &OnnxValue::defined)) return {};
  OnnxValue all = masks[0];
  for (std::size_t i = 1; i < masks.size(); ++i) all = logical_or(all, masks[i]);
  return all;
}

// As layers/merge.h has it: what leaves the other operand as it is, if masks matter.
struct MergeRule {
  const char* op;
  std::optional<double> nothing = {};
  bool mean = false;
};

OnnxValue merged(const OnnxCall& c, const MergeRule& rule) {
  OnnxValues xs = c.inputs, masks = c.masks;
  const int rank = highest_rank(xs);
  bool masked = rule.nothing.has_value();
  for (OnnxValue& x : xs) {
    masked = masked && x.rank() == rank;
    c.graph().same(x.size(0), xs[0].size(0));
    while (x.rank() < rank) x = expand_dims(x, 1);
  }
  for (std::size_t i = 0; masked && i < xs.size(); ++i) {
    if (!masks[i].defined()) continue;
    masks[i] = with_rank(masks[i], rank);
    xs[i] = where(masks[i], xs[i], scalar_like(xs[i], *rule.nothing));
  }
  OnnxValue y = xs[0];
  for (std::size_t i = 1; i < xs.size(); ++i) y = binary(rule.op, y, xs[i]);
  if (rule.mean) y = y * (1 / static_cast<double>(xs.size()));
  if (const OnnxValue counts = masked ? any_of(masks) : OnnxValue(); counts.defined()) {
    y = where(counts, y, rule.nothing == 1 ? scalar_like(y, 0) : c.inputs[0]);
  }
  return y;
}

OnnxExporter merging(const MergeRule& rule) {
  return {.call = [rule](const OnnxCall& c) { return OnnxValues{merged(c, rule)}; },
          .compute_mask = [](const OnnxCall& c) { return any_of(c.masks); }};
}

int axis_of(const OnnxCall& c) {
  return c.inputs[0].resolve(static_cast<int>(integer(c, "axis")));
}

OnnxValue concatenate_mask(const OnnxCall& c) {
  if (std::ranges::none_of(c.masks, &OnnxValue::defined)) return {};
  const int rank = std::max(1, highest_rank(c.masks)), along = axis_of(c);
  OnnxGraph& g = c.graph();
  OnnxValues masks;
  for (std::size_t i = 0; i < c.inputs.size(); ++i) {
    const OnnxValue mask = c.masks[i].defined() ? with_rank(c.masks[i], rank)
                                                : g.scalar(1, OnnxType::boolean);
    const OnnxShape& shape = c.inputs[i].shape;
    masks.push_back(broadcast_to(mask, OnnxShape(shape.begin(), shape.begin() + rank)));
  }
  return along < rank ? concatenate(masks, along) : any_of(masks);
}

// x with the axis last and those between it and the batch made one: (batch, others, n).
OnnxValue vectors(const OnnxValue& x, int axis) {
  OnnxGraph& g = *x.graph;
  std::vector<int> order;
  std::int64_t others = 1;
  for (int i = 0; i < x.rank(); ++i) {
    if (i == axis) continue;
    order.push_back(i);
    const std::int64_t size = g.resolve(x.size(i));
    if (i > 0) others = size < 0 || others < 0 ? -1 : others * size;
  }
  order.push_back(axis);
  if (x.rank() == 3) others = x.size(3 - axis);  // also if it is open
  if (others == -1) others = g.open_size("size");
  return reshape(transpose(x, order), {x.size(0), others, x.size(axis)});
}

// x / max(|x|, 1e-7)
OnnxValue l2_normalize(const OnnxValue& x) {
  return x / sqrt(maximum(sum(x * x, -1, true), 1e-14));
}

OnnxValue dot(const OnnxCall& c) {
  Axes axes;
  from_config(c.option("axes"), axes, "axes");
  const bool normalize = flag(c, "normalize");
  OnnxValues xs;
  OnnxShape shape = {c.graph().same(c.inputs[0].size(0), c.inputs[1].size(0))};
  for (std::size_t i = 0; i < 2; ++i) {
    const OnnxValue& input = c.inputs[i];
    const int axis = input.resolve(axes.values[axes.values.size() == 1 ? 0 : i]);
    for (int a = 1; a < input.rank(); ++a) {
      if (a != axis) shape.push_back(input.size(a));
    }
    const OnnxValue x = vectors(input, axis);
    xs.push_back(normalize ? l2_normalize(x) : x);
  }
  if (shape.size() == 1) shape.push_back(1);
  return reshape(matmul(xs[0], transpose(xs[1], {0, 2, 1})), shape);
}

}  // namespace

void add_merge_exporters(OnnxRegistry& r) {
  r["Add"] = merging({"Add"});
  r["Subtract"] = merging({"Sub"});
  r["Multiply"] = merging({.op = "Mul", .nothing = 1});
  r["Average"] = merging({.op = "Add", .mean = true});
  r["Maximum"] = merging({.op = "Max", .nothing = -HUGE_VAL});
  r["Minimum"] = merging({.op = "Min", .nothing = HUGE_VAL});
  r["Concatenate"] = one_result([](const OnnxCall& c) { return concatenate(c.inputs, axis_of(c)); },
                                concatenate_mask);
  r["Dot"] = one_result(dot, no_mask);
}

}  // namespace kindling::detail
