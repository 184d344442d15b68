// Sums, means, extremes and softmax along axes.
#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include <kindling/tensor/random.h>

#include "tests/autograd/operations.h"

namespace kindling {
namespace {

using Reduce = Tensor (*)(const Tensor&, const ReduceOptions&);
using Numbers = std::vector<double>;

// Every element's group, by its index with the reduced axes at 0.
Tensor naive_reduce(const Tensor& x, const ReduceOptions& options,
                    const std::function<double(const Numbers&)>& f) {
  std::set<int> axes;
  for (const int axis : options.axis) axes.insert(x.shape().resolve(axis));
  for (int axis = 0; axis < x.rank() && options.axis.empty(); ++axis) axes.insert(axis);
  Shape kept = x.shape();
  for (const int axis : axes) kept = kept.with(axis, 1);
  std::map<Index, Numbers> groups;
  tensor_of(x.shape(), [&](const Index& index) {
    Index group = index;
    for (const int axis : axes) group[static_cast<std::size_t>(axis)] = 0;
    groups[group].push_back(element(x, index));
    return 0;
  });
  const Tensor y = tensor_of(kept, [&](const Index& index) { return f(groups[index]); });
  Shape dropped = kept;
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) dropped = dropped.without(*axis);
  return options.keepdims ? y : y.reshaped(dropped);
}

std::string text(const Shape& shape, const ReduceOptions& options) {
  std::string axes;
  for (const int axis : options.axis) axes += std::to_string(axis) + " ";
  return shape.str() + " axes " + axes + (options.keepdims ? "keepdims" : "");
}

// Numbers a quarter apart, shuffled: the largest stays the largest when one moves a little.
Tensor apart(const Shape& shape) {
  Generator generator(12);
  const std::vector<std::int64_t> order = permutation(shape.elements(), generator);
  Tensor x = Tensor::empty(shape);
  std::ranges::transform(order, x.mutable_floats().begin(), [&](std::int64_t place) {
    return 0.25f * static_cast<float>(place) - 2;
  });
  return x;
}

void add_reduce(Operations& all, const char* name, Reduce f, bool of_nothing,
                const std::function<double(const Numbers&)>& naive) {
  const auto add = [&](const Shape& shape, const ReduceOptions& options) {
    const Tensor x = apart(shape);
    all.push_back({name, text(shape, options),
                   [f, options](const Tensors& in) { return f(in[0], options); }, {x},
                   naive_reduce(x, options, naive)});
  };
  for (const bool keepdims : {false, true}) {
    const std::vector<std::vector<int>> some = {{},  {0},    {1},     {2},       {-1},
                                                {0, 1}, {1, 2}, {0, 2}, {-1, -3}, {0, 1, 2}};
    for (const auto& axes : some) add({2, 3, 4}, {.axis = axes, .keepdims = keepdims});
    add({3}, {.keepdims = keepdims});
    add({}, {.keepdims = keepdims});
    add({2, 1, 2, 1, 3, 2}, {.axis = {0, 2, 5}, .keepdims = keepdims});
    add({1, 5}, {.axis = {0}, .keepdims = keepdims});
    add({0, 3}, {.axis = {1}, .keepdims = keepdims});
    if (of_nothing) add({3, 0}, {.axis = {1}, .keepdims = keepdims});
  }
}

void add_argmax(Operations& all, const Tensor& x, int axis, const Tensor& expected) {
  all.push_back({"argmax", x.shape().str() + " axis " + std::to_string(axis),
                 [axis](const Tensors& in) { return argmax(in[0], axis); }, {x}, expected, false});
}

// softmax over the axis, of the elements where keep is true; uniform where it nowhere is.
Tensor naive_softmax(const Tensor& x, int axis, const Tensor& keep = Tensor()) {
  const auto a = static_cast<std::size_t>(x.shape().resolve(axis));
  return tensor_of(x.shape(), [&](const Index& index) {
    double sum = 0, mine = 0, kept = 0;
    for (Index other = index, k = {0}; k[0] < x.size(axis); ++k[0]) {
      other[a] = k[0];
      const bool counts = !keep.defined() || element(keep, other) != 0;
      const double e = counts ? std::exp(element(x, other)) : 0;
      sum += e;
      kept += counts ? 1 : 0;
      if (other == index) mine = e;
    }
    return kept > 0 ? mine / sum : 1.0 / static_cast<double>(x.size(axis));
  });
}

// max(x - t, 0) along an axis, t out of the sums of the largest elements.
Tensor naive_sparsemax(const Tensor& x, int axis) {
  const auto a = static_cast<std::size_t>(x.shape().resolve(axis));
  return tensor_of(x.shape(), [&](const Index& index) {
    std::vector<double> line;
    for (Index other = index, k = {0}; k[0] < x.size(axis); ++k[0]) {
      other[a] = k[0];
      line.push_back(element(x, other));
    }
    std::ranges::sort(line, std::greater());
    double t = 0, sum = 0, sums = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      sum += line[i];
      if (line[i] - (sum - 1) / static_cast<double>(i + 1) <= 0) break;
      sums += sum;
      t = (sums - 1) / static_cast<double>(i + 1);
    }
    return std::max(element(x, index) - t, 0.0);
  });
}

Tensor naive_layer_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta) {
  const auto n = static_cast<double>(x.size(-1));
  return tensor_of(x.shape(), [&](const Index& index) {
    const auto over = [&](const std::function<double(double)>& f) {
      double sum = 0;
      for (Index other = index, k = {0}; k[0] < x.size(-1); ++k[0]) {
        other.back() = k[0];
        sum += f(element(x, other));
      }
      return sum / n;
    };
    const double mean = over([](double v) { return v; });
    const double variance = over([=](double v) { return (v - mean) * (v - mean); });
    const double y = (element(x, index) - mean) / std::sqrt(variance + 1e-3);
    return y * (gamma.defined() ? element(gamma, {index.back()}) : 1) +
           (beta.defined() ? element(beta, {index.back()}) : 0);
  });
}

}  // namespace

Operations reduce_operations() {
  Operations all;
  const auto total = [](const Numbers& v) {
    double sum = 0;
    for (const double n : v) sum += n;
    return sum;
  };
  add_reduce(all, "sum", sum, true, total);
  add_reduce(all, "mean", mean, false,
             [=](const Numbers& v) { return total(v) / static_cast<double>(v.size()); });
  add_reduce(all, "max", max, false, [](const Numbers& v) { return *std::ranges::max_element(v); });
  add_reduce(all, "min", min, false, [](const Numbers& v) { return *std::ranges::min_element(v); });
  for (const Shape& shape : {Shape{5}, Shape{3, 4}, Shape{2, 1, 3}, Shape{2, 0, 3}}) {
    for (const int axis : {-1, 0}) {
      const Tensor v = uniforms(shape, 16, 0.5, 2);
      all.push_back({"l2_normalize", shape.str() + " axis " + std::to_string(axis),
                     [axis](const Tensors& in) { return l2_normalize(in[0], axis); }, {v},
                     v / sqrt(sum(v * v, {.axis = {axis}, .keepdims = true}))});
    }
  }
  for (const Shape& shape : {Shape{1, 1}, Shape{3, 7}, Shape{2, 2, 37}, Shape{0, 3}}) {
    const Tensor v = normals(shape, 17), gamma = normals({shape[-1]}, 18);
    const Tensor beta = normals({shape[-1]}, 19);
    for (const bool with : {true, false}) {
      const Tensor scale = with ? gamma : Tensor(), move = with ? beta : Tensor();
      all.push_back({"layer_norm", shape.str() + (with ? " with gamma and beta" : ""),
                     [with](const Tensors& in) {
                       return with ? layer_norm(in[0], in[1], in[2])
                                   : layer_norm(in[0], {}, {});
                     },
                     with ? Tensors{v, gamma, beta} : Tensors{v},
                     naive_layer_norm(v, scale, move)});
    }
  }
  const Tensor x = tensor({{1.0, 5.0, 5.0}, {7.0, 0.0, -1.0}});
  add_argmax(all, x, -1, tensor({1, 0}));
  add_argmax(all, x, 1, tensor({1, 0}));
  add_argmax(all, x, 0, tensor({1, 0, 0}));
  add_argmax(all, scalar(3).reshaped({1}), 0, cast(scalar(0), DType::int32));
  return all;
}

Operations softmax_operations() {
  Operations all;
  const Shape shapes[] = {{4}, {2, 3}, {2, 3, 4}, {1, 1}, {2, 0, 3}};
  for (const Shape& shape : shapes) {
    for (int axis = -shape.rank(); axis < shape.rank(); ++axis) {
      const Tensor x = normals(shape, 13, 2);
      const std::string kind = shape.str() + " axis " + std::to_string(axis);
      const Tensor expected = naive_softmax(x, axis);
      all.push_back({"softmax", kind, [axis](const Tensors& in) { return softmax(in[0], axis); },
                     {x}, expected});
      all.push_back({"log_softmax", kind,
                     [axis](const Tensors& in) { return log_softmax(in[0], axis); }, {x},
                     each(expected, [](double p) { return std::log(p); })});
      if (x.elements() == 0) continue;
      // Half a step apart along the axis: its derivative jumps where two numbers are equal.
      const Tensor steps = tensor_of(shape, [&](const Index& index) {
        const int a = x.shape().resolve(axis);
        return -0.5 * static_cast<double>(index[static_cast<std::size_t>(a)]);
      });
      const Tensor apart = uniforms(shape, 16, 0, 0.1) + steps;
      all.push_back({"sparsemax", kind,
                     [axis](const Tensors& in) { return sparsemax(in[0], axis); }, {apart},
                     naive_sparsemax(apart, axis)});
    }
  }
  for (const int axis : {-1, 0, 1}) {
    const Tensor both = normals({4, 2, 6}, 20);
    const Tensors half = split(both, 2, axis);
    all.push_back({"glu", "axis " + std::to_string(axis),
                   [axis](const Tensors& in) { return glu(in[0], axis); }, {both},
                   half[0] * each(half[1], [](double v) { return 1 / (1 + std::exp(-v)); })});
  }
  const Tensor x = normals({2, 3, 5}, 14, 2);
  const Shape masks[] = {{2, 3, 5}, {5}, {3, 5}, {2, 1, 5}, {2, 3, 1}, {}};
  for (const Shape& shape : masks) {
    // Here no row is masked whole: those are in test_reduce.cpp.
    Tensor mask = coins(shape, 15);
    if (shape.rank() == 0 || shape[-1] == 1) mask = cast(ones(shape), DType::boolean);
    if (shape.rank() > 0) mask.mutable_bools()[0] = true;
    for (std::int64_t row = 0; shape.rank() > 0 && row < shape.outer(-1); ++row) {
      mask.mutable_bools()[static_cast<std::size_t>(row * shape[-1])] = true;
    }
    const Tensor whole = broadcast_to(mask, x.shape());
    all.push_back({"masked_softmax", shape.str(),
                   [](const Tensors& in) { return masked_softmax(in[0], in[1]); }, {x, mask},
                   naive_softmax(x, -1, whole)});
  }
  return all;
}

}  // namespace kindling
