// Layers that arrange the same elements otherwise.
#include <kindling/io/onnx/exporters.h>

#include <algorithm>

namespace kindling::detail {
namespace {

// Elements of each item of x, below 0 if not known.
std::int64_t elements(const OnnxValue& x) {
  std::int64_t product = 1;
  for (int axis = 1; axis < x.rank(); ++axis) {
    const std::int64_t size = x.graph->resolve(x.size(axis));
    if (size < 0) return -1;
    product *= size;
  }
  return product;
}

OnnxValue flatten(const OnnxCall& c) {
  OnnxValue x = c.inputs[0];
  OnnxGraph& g = c.graph();
  if (word(c, "data_format") == "channels_first" && x.rank() > 2) {
    std::vector<int> axes = {0};
    for (int axis = 2; axis < x.rank(); ++axis) axes.push_back(axis);
    axes.push_back(1);
    x = transpose(x, axes);
  }
  if (x.rank() == 2) return x;
  const std::int64_t width = elements(x);
  return reshape(x, {x.size(0), width < 0 ? g.open_size("size") : width});
}

OnnxValue reshape_layer(const OnnxCall& c) {
  const OnnxValue& x = c.inputs[0];
  std::vector<std::int64_t> target;
  from_config(c.option("target_shape"), target, "target_shape");
  std::int64_t known = 1;
  for (const std::int64_t size : target) known *= size == any ? 1 : size;
  const std::int64_t all = elements(x);
  OnnxShape shape = {x.size(0)};
  for (const std::int64_t size : target) {
    const bool worked_out = size == any && all >= 0 && known > 0;
    shape.push_back(size != any ? size : worked_out ? all / known : c.graph().open_size("size"));
  }
  return reshape(x, shape);
}

OnnxValue permute(const OnnxCall& c) {
  std::vector<int> axes = {0};
  std::vector<std::int64_t> dims;
  from_config(c.option("dims"), dims, "dims");
  for (const std::int64_t dim : dims) axes.push_back(static_cast<int>(dim));
  return transpose(c.inputs[0], axes);
}

OnnxValue repeat_vector(const OnnxCall& c) {
  const OnnxValue& x = c.inputs[0];
  return broadcast_to(expand_dims(x, 1), {x.size(0), integer(c, "n"), x.size(1)});
}

}  // namespace

void add_shaping_exporters(OnnxRegistry& r) {
  r["Flatten"] = one_result(flatten);
  r["Reshape"] = one_result(reshape_layer);
  r["Permute"] = one_result(permute);
  r["RepeatVector"] = one_result(repeat_vector);
}

}  // namespace kindling::detail
