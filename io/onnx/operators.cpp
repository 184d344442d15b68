#include <kindling/io/onnx/operators.h>

#include <algorithm>
#include <limits>

#include <kindling/layers/axes_last.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

Config ints(const std::vector<int>& values) {
  return Config::List(values.begin(), values.end());
}

OnnxShape without(OnnxShape shape, int axis) {
  shape.erase(shape.begin() + axis);
  return shape;
}
OnnxShape with(OnnxShape shape, int axis, std::int64_t size) {
  shape[static_cast<std::size_t>(axis)] = size;
  return shape;
}

// What two sizes of one axis broadcast to.
std::int64_t joined(OnnxGraph& graph, std::int64_t a, std::int64_t b) {
  a = graph.resolve(a);
  b = graph.resolve(b);
  if (a == b || b == 1) return a;
  if (a == 1) return b;
  if (a >= 0 || b >= 0) return std::max(a, b);  // the open one is this or 1
  return graph.open_size("size");
}

OnnxShape broadcast(const OnnxValue& a, const OnnxValue& b) {
  const OnnxValue &longer = a.rank() < b.rank() ? b : a, &other = a.rank() < b.rank() ? a : b;
  OnnxShape shape = longer.shape;
  const std::size_t more = longer.shape.size() - other.shape.size();
  for (std::size_t i = 0; i < other.shape.size(); ++i) {
    shape[more + i] = joined(*a.graph, shape[more + i], other.shape[i]);
  }
  return shape;
}

void check_types(const char* op, const OnnxValue& a, const OnnxValue& b) {
  if (a.type == b.type) return;
  fail("{}: operands are of one type, got {} and {} [{} {}, {} {}]", op, name(a.type),
       name(b.type), a.name, a.graph->text(a.shape), b.name, b.graph->text(b.shape));
}

OnnxValue of_two(const char* op, const OnnxValue& a, const OnnxValue& b, OnnxType type) {
  check_types(op, a, b);
  return a.graph->node(op, {a, b}, type, broadcast(a, b));
}

OnnxShape reduced(const OnnxValue& x, int axis, bool keepdims) {
  return keepdims ? with(x.shape, axis, 1) : without(x.shape, axis);
}

OnnxValue reduce(const char* op, const OnnxValue& x, int axis, bool keepdims) {
  const int a = x.resolve(axis);
  return x.graph->node(op, {x}, x.type, reduced(x, a, keepdims),
                       {{"axes", Config::List{a}}, {"keepdims", keepdims ? 1 : 0}});
}

// Elements [begin, end) along an axis, whose size becomes `size`.
OnnxValue slice(const OnnxValue& x, int axis, std::int64_t begin, std::int64_t end,
                std::int64_t step, std::int64_t size) {
  OnnxGraph& g = *x.graph;
  using Ints = std::vector<std::int64_t>;
  return g.node("Slice",
                {x, g.constant(Ints{begin}), g.constant(Ints{end}), g.constant(Ints{axis}),
                 g.constant(Ints{step})},
                x.type, with(x.shape, axis, size));
}

}  // namespace

OnnxValue unary(const char* op, const OnnxValue& x, const Config::Map& attributes) {
  return x.graph->node(op, {x}, x.type, x.shape, attributes);
}

OnnxValue binary(const char* op, const OnnxValue& a, const OnnxValue& b) {
  return of_two(op, a, b, a.type);
}

OnnxValue compare(const char* op, const OnnxValue& a, const OnnxValue& b) {
  return of_two(op, a, b, OnnxType::boolean);
}

OnnxValue scalar_like(const OnnxValue& x, double value) { return x.graph->scalar(value, x.type); }

OnnxValue clip(const OnnxValue& x, double low, double high) {
  return x.graph->node("Clip", {x, scalar_like(x, low), scalar_like(x, high)}, x.type, x.shape);
}

OnnxValue cast(const OnnxValue& x, OnnxType type) {
  if (x.type == type) return x;
  return x.graph->node("Cast", {x}, type, x.shape, {{"to", static_cast<int>(type)}});
}

OnnxValue not_equal(const OnnxValue& x, double value) {
  return unary("Not", compare("Equal", x, scalar_like(x, value)));
}

OnnxValue where(const OnnxValue& condition, const OnnxValue& a, const OnnxValue& b) {
  check_types("Where", a, b);
  const OnnxValue either{.graph = a.graph, .shape = broadcast(a, b)};
  return a.graph->node("Where", {condition, a, b}, a.type, broadcast(condition, either));
}

OnnxValue transpose(const OnnxValue& x, const std::vector<int>& axes) {
  if (std::ranges::is_sorted(axes)) return x;
  OnnxShape shape;
  for (const int axis : axes) shape.push_back(x.size(axis));
  return x.graph->node("Transpose", {x}, x.type, shape, {{"perm", ints(axes)}});
}

OnnxValue reshape(const OnnxValue& x, const OnnxShape& shape) {
  OnnxGraph& g = *x.graph;
  OnnxShape to, from;
  for (const std::int64_t size : shape) to.push_back(g.resolve(size));
  for (const std::int64_t size : x.shape) from.push_back(g.resolve(size));
  if (to == from) return x;
  const auto open = [](std::int64_t size) { return size < 0; };
  const bool empty = std::ranges::count(to, 0) > 0;
  // In ONNX a 0 is the size that x has at that axis, and one -1 what is left.
  OnnxShape constants = to;
  if (std::ranges::count_if(to, open) > 1) {
    for (std::size_t i = 0; i < to.size() && i < from.size(); ++i) {
      if (open(to[i]) && to[i] == from[i]) constants[i] = 0;
    }
  }
  const auto left = std::ranges::count_if(constants, open);
  if (left <= 1 && !empty) {
    std::ranges::replace_if(constants, open, -1);
    return g.node("Reshape", {x, g.constant(constants)}, x.type, shape);
  }
  return g.node("Reshape", {x, g.sizes(to)}, x.type, shape, {{"allowzero", 1}});
}

OnnxValue broadcast_to(const OnnxValue& x, const OnnxShape& shape) {
  return x.graph->node("Expand", {x, x.graph->sizes(shape)}, x.type, shape);
}

OnnxValue expand_dims(const OnnxValue& x, int axis) {
  const int a = axis < 0 ? axis + x.rank() + 1 : axis;
  OnnxShape shape = x.shape;
  shape.insert(shape.begin() + a, 1);
  return x.graph->node("Unsqueeze", {x, x.graph->constant(std::vector<std::int64_t>{a})}, x.type,
                       shape);
}

OnnxValue squeeze(const OnnxValue& x, int axis) {
  const int a = x.resolve(axis);
  return x.graph->node("Squeeze", {x, x.graph->constant(std::vector<std::int64_t>{a})}, x.type,
                       without(x.shape, a));
}

OnnxValue flip(const OnnxValue& x, int axis) {
  const int a = x.resolve(axis);
  return slice(x, a, -1, std::numeric_limits<std::int64_t>::min(), -1, x.size(a));
}

OnnxValue last(const OnnxValue& x, int axis) {
  return slice(x, x.resolve(axis), -1, std::numeric_limits<std::int64_t>::max(), 1, 1);
}

OnnxValues split(const OnnxValue& x, int parts, int axis) {
  OnnxGraph& g = *x.graph;
  const int a = x.resolve(axis);
  const std::int64_t size = g.resolve(x.size(a));
  if (size >= 0 && size % parts != 0) {
    fail("Split: {} can't be cut into {} parts along axis {}", g.text(x.shape), parts, a);
  }
  const OnnxValue part{.type = x.type,
                       .shape = with(x.shape, a, size < 0 ? g.open_size("part") : size / parts)};
  return g.node("Split", {x}, OnnxValues(static_cast<std::size_t>(parts), part),
                {{"axis", a}});
}

OnnxValue concatenate(const OnnxValues& xs, int axis) {
  const OnnxValue& first = xs.at(0);
  if (xs.size() == 1) return first;
  OnnxGraph& g = *first.graph;
  const int a = first.resolve(axis);
  OnnxShape shape = first.shape;
  std::int64_t total = 0;
  for (const OnnxValue& x : xs) {
    for (int i = 0; i < x.rank(); ++i) {
      auto& size = shape[static_cast<std::size_t>(i)];
      if (i != a) size = g.same(size, x.size(i));
    }
    const std::int64_t size = g.resolve(x.size(a));
    total = size < 0 || total < 0 ? -1 : total + size;
  }
  return g.node("Concat", xs, first.type, with(shape, a, total < 0 ? g.open_size("size") : total),
                {{"axis", a}});
}

OnnxValue take(const OnnxValue& table, const OnnxValue& ids) {
  OnnxShape shape = ids.shape;
  shape.insert(shape.end(), table.shape.begin() + 1, table.shape.end());
  return table.graph->node("Gather", {table, ids}, table.type, shape, {{"axis", 0}});
}

OnnxValue matmul(const OnnxValue& a, const OnnxValue& b) {
  OnnxGraph& g = *a.graph;
  check_types("MatMul", a, b);
  g.same(a.size(-1), b.size(-2));
  // The axes before the last two broadcast.
  const auto stack = [&](const OnnxValue& x) {
    return OnnxValue{.graph = &g, .shape = OnnxShape(x.shape.begin(), x.shape.end() - 2)};
  };
  OnnxShape shape = broadcast(stack(a), stack(b));
  shape.insert(shape.end(), {a.size(-2), b.size(-1)});
  return g.node("MatMul", {a, b}, a.type, shape);
}

OnnxValue dense(const OnnxValue& x, const OnnxValue& kernel, const OnnxValue& bias) {
  const OnnxValue y = matmul(x, kernel);
  return bias.defined() ? y + bias : y;
}

OnnxValue sum(const OnnxValue& x, int axis, bool keepdims) {
  const int a = x.resolve(axis);
  return x.graph->node("ReduceSum", {x, x.graph->constant(std::vector<std::int64_t>{a})}, x.type,
                       reduced(x, a, keepdims), {{"keepdims", keepdims ? 1 : 0}});
}

OnnxValue mean(const OnnxValue& x, int axis, bool keepdims) {
  return reduce("ReduceMean", x, axis, keepdims);
}

OnnxValue max(const OnnxValue& x, int axis, bool keepdims) {
  return reduce("ReduceMax", x, axis, keepdims);
}

OnnxValue softmax(const OnnxValue& x, int axis) {
  return unary("Softmax", x, {{"axis", x.resolve(axis)}});
}

// The lowest number leaves a row that is all masked with equal ones, and no weight to others.
OnnxValue blind_softmax(const OnnxValue& x, const OnnxValue& mask) {
  const double lowest = std::numeric_limits<float>::lowest();
  return softmax(mask.defined() ? where(mask, x, scalar_like(x, lowest)) : x, -1);
}

OnnxValue masked_softmax(const OnnxValue& x, const OnnxValue& mask) {
  const OnnxValue y = blind_softmax(x, mask);
  return mask.defined() ? where(mask, y, scalar_like(y, 0)) : y;
}

OnnxValue along_axes(const std::vector<int>& axes, const OnnxValue& x, const OnnxValue& other,
                     const std::function<OnnxValue(const OnnxValue&, const OnnxValue&)>& f) {
  OnnxGraph& g = *x.graph;
  const std::vector<int> order = detail::with_last(axes, x.rank());
  const std::size_t others = order.size() - axes.size();
  std::vector<int> back(order.size());
  OnnxShape moved, merged;
  for (std::size_t i = 0; i < order.size(); ++i) {
    back[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
    moved.push_back(g.resolve(x.size(order[i])));
    if (i < others) merged.push_back(moved[i]);
  }
  if (axes.size() == 1) {
    merged = moved;
  } else {
    std::int64_t product = 1;
    for (std::size_t i = others; i < moved.size() && product >= 0; ++i) {
      product = moved[i] < 0 ? -1 : product * moved[i];
    }
    merged.push_back(product < 0 ? g.open_size("size") : product);
  }
  const auto together = [&](const OnnxValue& value) {
    return value.defined() ? reshape(transpose(value, order), merged) : value;
  };
  return transpose(reshape(f(together(x), together(other)), moved), back);
}

}  // namespace kindling
