// Matrix products and the operations on sequences.
#include <algorithm>

#include <kindling/tensor/random.h>

#include "tests/autograd/operations.h"

namespace kindling {
namespace {

// The index of a matrix element: that of the batch, row and column.
double matrix_element(const Tensor& x, bool transposed, Index batch, std::int64_t row,
                      std::int64_t column) {
  if (x.rank() == 2) batch.clear();
  batch.push_back(transposed ? column : row);
  batch.push_back(transposed ? row : column);
  return element(x, batch);
}

Tensor naive_matmul(const Tensor& a, bool ta, const Tensor& b, bool tb, const Shape& leading) {
  const std::int64_t m = a.size(ta ? -1 : -2), k = a.size(ta ? -2 : -1), n = b.size(tb ? -2 : -1);
  const Shape result = leading.inserted(leading.rank(), m).inserted(leading.rank() + 1, n);
  return tensor_of(result, [&](const Index& at) {
    const Index batch(at.begin(), at.end() - 2);
    double sum = 0;
    for (std::int64_t i = 0; i < k; ++i) {
      sum += matrix_element(a, ta, batch, at[at.size() - 2], i) *
             matrix_element(b, tb, batch, i, at.back());
    }
    return sum;
  });
}

Shape behind(Shape leading, std::int64_t rows, std::int64_t columns) {
  leading = leading.inserted(leading.rank(), rows);
  return leading.inserted(leading.rank(), columns);
}

double activated(double x, Pointwise activation) {
  switch (activation) {
    case Pointwise::linear: return x;
    case Pointwise::relu: break;
    case Pointwise::sigmoid: return 1 / (1 + std::exp(-x));
    case Pointwise::tanh: return std::tanh(x);
  }
  return NAN;
}

void add_dense(Operations& all) {
  const Shape shapes[] = {{3, 4}, {2, 3, 4}, {4}, {1, 4}};
  for (const Shape& shape : shapes) {
    // Differences don't see relu's kink: it is in test_pointwise.cpp.
    for (const Pointwise activation : {Pointwise::linear, Pointwise::sigmoid, Pointwise::tanh}) {
      const bool biased = shape.rank() != 3;
      const Tensor x = normals(shape, 69), kernel = normals({4, 5}, 61);
      const Tensor bias = biased ? normals({5}, 62) : Tensor();
      all.push_back({"dense", shape.str(), [activation](const Tensors& in) {
                       return dense(in[0], in[1], in[2], activation);
                     }, {x, kernel, bias}, tensor_of(shape.with(-1, 5), [&](Index at) {
                       const std::int64_t unit = at.back();
                       double sum = biased ? element(bias, {unit}) : 0;
                       for (at.back() = 0; at.back() < 4; ++at.back()) {
                         sum += element(x, at) * element(kernel, {at.back(), unit});
                       }
                       return activated(sum, activation);
                     })});
    }
  }
}

struct Conv {
  std::int64_t steps, channels, taps, filters;
  Conv1DShape options;
  bool bias = true;
  Pointwise activation = Pointwise::linear;
};

Tensor naive_conv1d(const Tensor& x, const Tensor& kernel, const Tensor& bias, const Conv& c) {
  const Conv1DShape& o = c.options;
  const std::int64_t effective = (c.taps - 1) * o.dilation + 1;
  const std::int64_t out = (c.steps + o.pad_left + o.pad_right - effective) / o.stride + 1;
  const std::int64_t in_group = c.channels / o.groups, out_group = c.filters / o.groups;
  return tensor_of({x.size(0), out, c.filters}, [&](const Index& at) {
    double sum = bias.defined() ? element(bias, {at[2]}) : 0;
    for (std::int64_t tap = 0; tap < c.taps; ++tap) {
      const std::int64_t step = at[1] * o.stride + tap * o.dilation - o.pad_left;
      if (step < 0 || step >= c.steps) continue;
      for (std::int64_t i = 0; i < in_group; ++i) {
        sum += element(x, {at[0], step, at[2] / out_group * in_group + i}) *
               element(kernel, {tap, i, at[2]});
      }
    }
    return activated(sum, c.activation);
  });
}

void add_convs(Operations& all) {
  const Conv cases[] = {
      {7, 3, 4, 2, {}},
      {7, 3, 4, 2, {}, false},
      {7, 3, 4, 2, {.pad_left = 1, .pad_right = 2}},
      {7, 2, 3, 4, {.pad_left = 2}},
      {8, 3, 3, 2, {.stride = 2, .pad_left = 1, .pad_right = 1}},
      {9, 2, 2, 3, {.stride = 4}},
      {9, 2, 3, 2, {.dilation = 3, .pad_left = 6}},
      {9, 2, 3, 2, {.stride = 2, .dilation = 2, .pad_right = 1}},
      {6, 4, 3, 6, {.groups = 2, .pad_left = 1, .pad_right = 1}},
      {6, 3, 2, 3, {.stride = 2, .groups = 3}},
      {6, 4, 3, 2, {.dilation = 2, .groups = 2, .pad_left = 4}, false},
      {5, 3, 1, 4, {}},
      {1, 2, 1, 1, {.pad_left = 3, .pad_right = 2}},
      {2, 2, 4, 2, {.pad_left = 1, .pad_right = 2}},
      {7, 3, 4, 2, {.stride = 2}, false, Pointwise::tanh},
      {6, 4, 3, 6, {.groups = 2, .pad_left = 1}, true, Pointwise::sigmoid}};
  for (const Conv& c : cases) {
    const Tensor x = normals({2, c.steps, c.channels}, 40);
    const Tensor kernel = normals({c.taps, c.channels / c.options.groups, c.filters}, 41);
    const Tensor bias = c.bias ? normals({c.filters}, 42) : Tensor();
    all.push_back({"conv1d", x.shape().str() + kernel.shape().str(), [c](const Tensors& in) {
                     return conv1d(in[0], in[1], in[2], c.options, c.activation);
                   }, {x, kernel, bias}, naive_conv1d(x, kernel, bias, c)});
  }
}

void add_attention(Operations& all) {
  const Tensor query = normals({2, 3, 4}, 50), key = normals({2, 5, 4}, 51);
  const Tensor value = normals({2, 5, 2}, 52), scale = normals({4}, 53);
  const Tensor query_mask = mask_of({{true, false, true}, {true, true, true}});
  const Tensor value_mask = mask_of({{true, false, true, true, false},
                                     {false, true, true, false, true}});
  for (const bool masked : {false, true}) {
    const AttentionArguments arguments =
        masked ? AttentionArguments{query_mask, value_mask} : AttentionArguments{};
    const auto weight = [=](const Index& at, std::int64_t j) {
      if (masked && element(value_mask, {at[0], j}) == 0) return 0.0;
      double score = 0;
      for (std::int64_t d = 0; d < 4; ++d) {
        score += element(scale, {d}) *
                 std::tanh(element(query, {at[0], at[1], d}) + element(key, {at[0], j, d}));
      }
      return std::exp(score);
    };
    all.push_back({"additive_attention", masked ? "masked" : "all",
                   [arguments](const Tensors& in) {
                     return additive_attention(in[0], in[1], in[2], in[3], arguments)[0];
                   },
                   {query, value, key, scale},
                   tensor_of({2, 3, 2}, [&](const Index& at) {
                     if (masked && element(query_mask, {at[0], at[1]}) == 0) return 0.0;
                     double sum = 0, total = 0;
                     for (std::int64_t j = 0; j < 5; ++j) {
                       sum += weight(at, j) * element(value, {at[0], j, at[2]});
                       total += weight(at, j);
                     }
                     return sum / total;
                   })});
  }
}

// Without an axis of heads and with it.
void add_dot_attention(Operations& all) {
  const Tensor value_mask = mask_of({{true, false, true, true, false},
                                     {false, true, true, false, true}});
  const Tensor pairs = logical_or(coins({2, 3, 5}, 54, 0.4),
                                  broadcast_to(expand_dims(value_mask, 1), {2, 3, 5}));
  const Tensor scale = scalar(0.7);
  for (const bool heads : {false, true}) {
    const auto operand = [&](std::int64_t steps, std::int64_t width, std::uint64_t seed) {
      return normals(heads ? Shape{2, steps, 3, width} : Shape{2, steps, width}, seed);
    };
    const Tensor query = operand(3, 4, 50), key = operand(5, 4, 51), value = operand(5, 2, 52);
    for (const bool masked : {false, true}) {
      const AttentionArguments arguments =
          masked ? AttentionArguments{.value_mask = value_mask, .pair_mask = pairs}
                 : AttentionArguments{};
      // `at` is an index of the output, its axis of steps and its last one replaced.
      const auto of = [](const Tensor& x, Index at, std::int64_t step, std::int64_t channel) {
        at[1] = step;
        at.back() = channel;
        return element(x, at);
      };
      const auto weight = [=](const Index& at, std::int64_t j) {
        if (masked && element(value_mask, {at[0], j}) * element(pairs, {at[0], at[1], j}) == 0) {
          return 0.0;
        }
        double score = 0;
        for (std::int64_t d = 0; d < 4; ++d) score += of(query, at, at[1], d) * of(key, at, j, d);
        return std::exp(0.7 * score);
      };
      all.push_back({"dot_product_attention", query.shape().str() + (masked ? " masked" : ""),
                     [arguments](const Tensors& in) {
                       return dot_product_attention(in[0], in[1], in[2], in[3], arguments)[0];
                     },
                     {query, value, key, scale},
                     tensor_of(query.shape().with(-1, 2), [&](const Index& at) {
                       double sum = 0, total = 0;
                       for (std::int64_t j = 0; j < 5; ++j) {
                         sum += weight(at, j) * of(value, at, j, at.back());
                         total += weight(at, j);
                       }
                       return sum / total;
                     })});
    }
  }
}

void add_means(Operations& all) {
  const Tensor x = normals({3, 4, 2}, 46);
  const Tensor some = mask_of({{true, true, false, true}, {false, false, false, false},
                               {false, false, true, false}});
  for (const Tensor& mask : {Tensor(), some}) {
    all.push_back({"mean_over_steps", mask.defined() ? "masked" : "all",
                   [](const Tensors& in) { return mean_over_steps(in[0], in[1]); }, {x, mask},
                   tensor_of({3, 2}, [&](const Index& at) {
                     double sum = 0, count = 0;
                     for (std::int64_t step = 0; step < 4; ++step) {
                       if (mask.defined() && element(mask, {at[0], step}) == 0) continue;
                       sum += element(x, {at[0], step, at[1]});
                       count += 1;
                     }
                     return count > 0 ? sum / count : 0;
                   })});
  }
  Tensor broken = x.clone();
  broken.mutable_floats()[2 * 2] = NAN;  // step 2 of the first row, which doesn't count
  for (const Tensor& in : {x, broken}) {
    const bool finite = in.same_memory(x);
    all.push_back({"finite_where_masked", finite ? "finite" : "NaN",
                   [some](const Tensors& xs) { return finite_where_masked(xs[0], some); }, {in},
                   tensor_of({3, 4, 2}, [&](const Index& at) {
                     return !finite && element(some, {at[0], at[1]}) == 0 ? 0 : element(x, at);
                   })});
  }
}

// All results as one tensor.
Tensor in_a_row(const Tensors& results) {
  Tensors flat;
  for (const Tensor& y : results) flat.push_back(reshape(y, {y.elements()}));
  return concatenate(flat, 0);
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// x, kernel, bias, h and, for an lstm, c; every step of every row by itself.
Tensor naive_recurrent(bool lstm, const Tensors& in, const Tensor& mask) {
  const std::int64_t batch = in[0].size(0), steps = in[0].size(1), units = in[1].size(0);
  Tensor h = in[3].clone(), c = lstm ? in[4].clone() : Tensor();
  Tensor all = zeros({batch, steps, units});
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t t = 0; t < steps; ++t) {
      const Tensor before = h.clone();
      for (std::int64_t u = 0; u < units; ++u) {
        const auto inner = [&](std::int64_t gate) {
          double sum = in[2].defined() ? element(in[2], {gate * units + u}) : 0;
          for (std::int64_t k = 0; k < units; ++k) {
            sum += element(before, {b, k}) * element(in[1], {k, gate * units + u});
          }
          return sum;
        };
        const auto x = [&](std::int64_t gate) { return element(in[0], {b, t, gate * units + u}); };
        const auto open = [&](std::int64_t gate) { return logistic(x(gate) + inner(gate)); };
        const auto at = static_cast<std::size_t>(b * units + u);
        if (!mask.defined() || element(mask, {b, t}) != 0) {
          if (lstm) {
            const double cell = open(1) * element(c, {b, u}) + open(0) * std::tanh(x(2) + inner(2));
            c.mutable_floats()[at] = static_cast<float>(cell);
            h.mutable_floats()[at] = static_cast<float>(open(3) * std::tanh(cell));
          } else {
            const double candidate = std::tanh(x(2) + open(1) * inner(2));
            h.mutable_floats()[at] = static_cast<float>(open(0) * element(before, {b, u}) +
                                                        (1 - open(0)) * candidate);
          }
        }
        all.mutable_floats()[static_cast<std::size_t>((b * steps + t) * units + u)] =
            h.floats()[at];
      }
    }
  }
  return in_a_row(lstm ? Tensors{all, h, c} : Tensors{all, h});
}

void add_recurrent(Operations& all) {
  const Tensor some = mask_of({{true, false, true}, {false, true, true}});
  for (const Tensor& mask : {Tensor(), some}) {
    const Tensor h = normals({2, 2}, 71), c = normals({2, 2}, 72);
    const Tensors of_lstm = {normals({2, 3, 8}, 73), normals({2, 8}, 74), {}, h, c};
    all.push_back({"lstm", mask.defined() ? "masked" : "plain", [mask](const Tensors& in) {
                     return in_a_row(lstm(in[0], in[1], in[3], in[4], mask));
                   }, of_lstm, naive_recurrent(true, of_lstm, mask)});
    const Tensors of_gru = {normals({2, 3, 6}, 75), normals({2, 6}, 76),
                            mask.defined() ? Tensor() : normals({6}, 77), h};
    all.push_back({"gru", mask.defined() ? "masked" : "plain", [mask](const Tensors& in) {
                     return in_a_row(gru(in[0], in[1], in[2], in[3], mask));
                   }, of_gru, naive_recurrent(false, of_gru, mask)});
  }
}

// Windows of steps, those outside left out.
Tensor naive_pool(const Tensor& x, const PoolShape& p, bool mean) {
  const std::int64_t windows = (x.size(1) + p.pad_left + p.pad_right - p.size) / p.stride + 1;
  return tensor_of({x.size(0), windows, x.size(2)}, [&](const Index& at) {
    double largest = -INFINITY, sum = 0, count = 0;
    for (std::int64_t i = 0; i < p.size; ++i) {
      const std::int64_t step = at[1] * p.stride - p.pad_left + i;
      if (step < 0 || step >= x.size(1)) continue;
      const double v = element(x, {at[0], step, at[2]});
      largest = std::max(largest, v);
      sum += v;
      ++count;
    }
    return mean ? sum / count : largest;
  });
}

void add_pools(Operations& all) {
  const PoolShape shapes[] = {{},
                              {.size = 1, .stride = 1},
                              {.size = 3, .stride = 1},
                              {.size = 3, .stride = 2, .pad_left = 1, .pad_right = 1},
                              {.size = 2, .stride = 5, .pad_right = 1},
                              {.size = 9, .stride = 1, .pad_left = 2, .pad_right = 4}};
  for (const Shape& shape : {Shape{2, 9, 3}, Shape{1, 8, 35}, Shape{0, 9, 2}}) {
    Generator generator(21);
    const std::vector<std::int64_t> order = permutation(shape.elements(), generator);
    Tensor x = Tensor::empty(shape);  // no two so near that a difference changes which is largest
    std::ranges::transform(order, x.mutable_floats().begin(),
                           [](std::int64_t v) { return 0.25f * static_cast<float>(v) - 5; });
    for (const PoolShape& p : shapes) {
      const std::string kind = x.shape().str() + " size " + std::to_string(p.size);
      all.push_back({"max_pool1d", kind, [p](const Tensors& in) { return max_pool1d(in[0], p); },
                     {x}, naive_pool(x, p, false)});
      all.push_back({"average_pool1d", kind,
                     [p](const Tensors& in) { return average_pool1d(in[0], p); }, {x},
                     naive_pool(x, p, true)});
    }
  }
}

}  // namespace

Operations matmul_operations() {
  struct Form {
    Shape a, b, result;  // leading axes
  };
  const Form forms[] = {{{}, {}, {}},        {{2}, {2}, {2}},    {{2}, {}, {2}},
                        {{}, {2}, {2}},      {{2, 3}, {}, {2, 3}}, {{}, {2, 3}, {2, 3}},
                        {{2, 3}, {2, 3}, {2, 3}}, {{0}, {}, {0}}};
  Operations all;
  for (const Form& form : forms) {
    for (const bool ta : {false, true}) {
      for (const bool tb : {false, true}) {
        const std::int64_t m = 3, k = 4, n = 2;
        const Tensor a = normals(ta ? behind(form.a, k, m) : behind(form.a, m, k), 38);
        const Tensor b = normals(tb ? behind(form.b, n, k) : behind(form.b, k, n), 39);
        const MatmulOptions options{.transpose_a = ta, .transpose_b = tb};
        all.push_back({"matmul", a.shape().str() + b.shape().str(), [options](const Tensors& in) {
                         return matmul(in[0], in[1], options);
                       }, {a, b}, naive_matmul(a, ta, b, tb, form.result)});
      }
    }
  }
  const Tensor a = normals({3, 0}, 1), b = normals({0, 2}, 1);
  all.push_back({"matmul", "nothing inside", [](const Tensors& in) {
                   return matmul(in[0], in[1]);
                 }, {a, b}, zeros({3, 2})});
  return all;
}

Operations sequence_operations() {
  Operations all;
  add_recurrent(all);
  add_dense(all);
  add_convs(all);
  add_attention(all);
  add_dot_attention(all);
  add_means(all);
  add_pools(all);
  return all;
}

}  // namespace kindling
