// Operations that move elements.
#include "tests/autograd/operations.h"

namespace kindling {
namespace {

using OfMany = std::function<Tensor(const Tensors&)>;
using Place = std::function<Index(const Index&)>;

Operation moved(const char* name, const std::string& kind, const OfMany& f, const Tensor& x,
                const Shape& result, const Place& from) {
  return {name, kind, f, {x},
          tensor_of(result, [&](const Index& at) { return element(x, from(at)); })};
}

// The same memory under another shape.
Operation reshaped(const char* name, const std::string& kind, const OfMany& f, const Tensor& x,
                   const Shape& result) {
  return {name, kind, f, {x}, x.reshaped(result)};
}

void add_reshapes(Operations& all) {
  const Tensor x = normals({2, 3, 4}, 20);
  const std::pair<Shape, Shape> wanted[] = {{{24}, {24}},
                                            {{4, any}, {4, 6}},
                                            {{any, 2, 2}, {6, 2, 2}},
                                            {{2, 1, 3, 1, 4, any}, {2, 1, 3, 1, 4, 1}}};
  for (const auto& [shape, result] : wanted) {
    const auto f = [shape = shape](const Tensors& in) { return reshape(in[0], shape); };
    all.push_back(reshaped("reshape", shape.str(), f, x, result));
  }
  for (const int axis : {0, 1, 3, -1, -4}) {
    const auto f = [axis](const Tensors& in) { return expand_dims(in[0], axis); };
    all.push_back(reshaped("expand_dims", std::to_string(axis), f, x, x.shape().inserted(axis, 1)));
  }
  const Tensor thin = normals({1, 3, 1}, 21);
  for (const int axis : {0, 2, -1}) {
    const auto f = [axis](const Tensors& in) { return squeeze(in[0], axis); };
    all.push_back(reshaped("squeeze", std::to_string(axis), f, thin, thin.shape().without(axis)));
  }
}

void add_transposes(Operations& all) {
  const std::vector<std::vector<int>> orders = {{0, 1, 2}, {1, 0, 2}, {2, 0, 1}, {0, -1, 1},
                                                {2, 1, 0}};
  const Tensor x = normals({2, 3, 4}, 22);
  for (const auto& axes : orders) {
    Shape result = x.shape();
    for (int i = 0; i < 3; ++i) result = result.with(i, x.size(axes[static_cast<std::size_t>(i)]));
    all.push_back(moved("transpose", result.str(),
                        [axes](const Tensors& in) { return transpose(in[0], axes); }, x, result,
                        [&](const Index& at) {
                          Index from(3);
                          for (std::size_t i = 0; i < 3; ++i) {
                            from[static_cast<std::size_t>(x.shape().resolve(axes[i]))] = at[i];
                          }
                          return from;
                        }));
  }
  all.push_back(moved("transpose", "six axes", [](const Tensors& in) {
                        return transpose(in[0], {5, 4, 3, 2, 1, 0});
                      }, normals({1, 2, 3, 2, 1, 2}, 23), {2, 1, 2, 3, 2, 1},
                      [](const Index& at) { return Index(at.rbegin(), at.rend()); }));
}

void add_broadcasts(Operations& all) {
  const std::pair<Shape, Shape> cases[] = {{{3}, {2, 3}},       {{2, 1}, {2, 3}},
                                           {{}, {2, 2}},        {{2, 3}, {2, 3}},
                                           {{1, 3, 1}, {2, 3, 2}}, {{1}, {0}}};
  for (const auto& [from, to] : cases) {
    all.push_back(moved("broadcast_to", from.str() + to.str(),
                        [to = to](const Tensors& in) { return broadcast_to(in[0], to); },
                        normals(from, 24), to, [](const Index& at) { return at; }));
  }
}

// One after the other along an axis: which operand an element is of, and where in it.
Tensor naive_concatenate(const Tensors& xs, int axis) {
  const auto a = static_cast<std::size_t>(xs[0].shape().resolve(axis));
  std::int64_t total = 0;
  for (const Tensor& x : xs) total += x.size(axis);
  return tensor_of(xs[0].shape().with(axis, total), [&](Index at) {
    std::size_t i = 0;
    for (; at[a] >= xs[i].size(axis); ++i) at[a] -= xs[i].size(axis);
    return element(xs[i], at);
  });
}

void add_joins(Operations& all) {
  for (const int axis : {0, 1, 2, -1, -3}) {
    Tensors xs;
    for (std::uint64_t i = 0; i < 4; ++i) {
      const auto size = static_cast<std::int64_t>(i);  // one of them has nothing
      xs.push_back(normals(Shape{2, 3, 2}.with(axis, size), 25 + i));
    }
    const auto join = [axis](const Tensors& in) { return concatenate(in, axis); };
    all.push_back({"concatenate", std::to_string(axis), join, xs, naive_concatenate(xs, axis)});
  }
  const Tensor alone = normals({2, 2}, 30);
  all.push_back({"concatenate", "one", [](const Tensors& in) { return concatenate(in); }, {alone},
                 alone});
  all.push_back({"concatenate", "one twice",
                 [](const Tensors& in) { return concatenate({in[0], in[0]}); }, {alone},
                 naive_concatenate({alone, alone}, -1)});
  for (const int axis : {0, 1, 2, -1}) {
    const Tensors xs = {normals({2, 3}, 31), normals({2, 3}, 32)};
    Tensors apart;
    for (const Tensor& x : xs) apart.push_back(x.reshaped(x.shape().inserted(axis, 1)));
    all.push_back({"stack", std::to_string(axis),
                   [axis](const Tensors& in) { return stack(in, axis); }, xs,
                   naive_concatenate(apart, axis)});
  }
}

void add_cuts(Operations& all) {
  struct Cut {
    int axis;
    std::int64_t begin, end, first, size;
  };
  const Tensor x = normals({2, 5, 3}, 33);
  const Cut cuts[] = {{0, 0, 2, 0, 2},  {0, 1, 2, 1, 1},   {1, 1, 4, 1, 3},  {1, -4, -1, 1, 3},
                      {2, 2, 3, 2, 1},  {-1, -1, 3, 2, 1}, {1, 3, 3, 3, 0}};
  for (const Cut& c : cuts) {
    const auto a = static_cast<std::size_t>(x.shape().resolve(c.axis));
    all.push_back(moved("slice", std::to_string(c.axis) + " from " + std::to_string(c.begin),
                        [c](const Tensors& in) { return slice(in[0], c.axis, c.begin, c.end); }, x,
                        x.shape().with(c.axis, c.size), [&](Index at) {
                          at[a] += c.first;
                          return at;
                        }));
  }
  const Tensor six = normals({2, 6}, 34);
  for (const int part : {0, 1, 2}) {
    all.push_back(moved("split", "part " + std::to_string(part), [part](const Tensors& in) {
                          return split(in[0], 3, 1)[static_cast<std::size_t>(part)];
                        }, six, {2, 2}, [&](Index at) {
                          at[1] += 2 * part;
                          return at;
                        }));
  }
  for (const int axis : {0, 1, 2, -1}) {
    const auto a = static_cast<std::size_t>(x.shape().resolve(axis));
    const Shape padded = x.shape().with(axis, x.size(axis) + 3);
    all.push_back({"pad", std::to_string(axis),
                   [axis](const Tensors& in) { return pad(in[0], axis, 1, 2); }, {x},
                   tensor_of(padded, [&](Index at) {
                     at[a] -= 1;
                     return at[a] >= 0 && at[a] < x.size(axis) ? element(x, at) : 0;
                   })});
    all.push_back(moved("flip", std::to_string(axis),
                        [axis](const Tensors& in) { return flip(in[0], axis); }, x, x.shape(),
                        [&](Index at) {
                          at[a] = x.size(axis) - 1 - at[a];
                          return at;
                        }));
  }
}

void add_takes(Operations& all) {
  struct Case {
    Shape table, ids;
  };
  const Case cases[] = {{{5, 3}, {4}}, {{5, 3}, {2, 6}}, {{5}, {3}}, {{5, 2, 2}, {2, 1}},
                        {{5, 3}, {}},  {{5, 3}, {0}}};
  for (const auto& [shape, ids_shape] : cases) {
    const Tensor table = normals(shape, 35), ids = random_ids(ids_shape, 36, 5);
    std::vector<std::int64_t> sizes(ids_shape.begin(), ids_shape.end());
    sizes.insert(sizes.end(), shape.begin() + 1, shape.end());
    const std::ptrdiff_t many = ids_shape.rank();
    all.push_back({"take", shape.str() + ids_shape.str(),
                   [](const Tensors& in) { return take(in[0], in[1]); }, {table, ids},
                   tensor_of(Shape(sizes), [&](const Index& at) {
                     Index from = {static_cast<std::int64_t>(
                         element(ids, Index(at.begin(), at.begin() + many)))};
                     from.insert(from.end(), at.begin() + many, at.end());
                     return element(table, from);
                   })});
  }
}

}  // namespace

Operations shaping_operations() {
  Operations all;
  add_reshapes(all);
  add_transposes(all);
  add_broadcasts(all);
  add_joins(all);
  add_cuts(all);
  add_takes(all);
  return all;
}

}  // namespace kindling
