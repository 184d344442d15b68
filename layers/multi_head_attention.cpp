#include <kindling/layers/multi_head_attention.h>

#include <algorithm>
#include <cmath>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/matmul.h>
#include <kindling/autograd/shaping.h>
#include <kindling/layers/activity_loss.h>
#include <kindling/layers/kernel_options.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

// a's axes from `first` to before `last`, then b's.
Shape joined(const Shape& a, int first, int last, const Shape& b) {
  std::vector<std::int64_t> sizes(a.begin() + first, a.begin() + last);
  sizes.insert(sizes.end(), b.begin(), b.end());
  return Shape(sizes);
}

}  // namespace

void MultiHeadAttentionImpl::fields(Fields& f) {
  Options& o = options_;
  f("num_heads", o.num_heads);
  f("key_dim", o.key_dim);
  f("value_dim", o.value_dim);
  f("dropout", o.dropout);
  std::optional<Shape> shape;
  if (o.output_shape.rank() > 0) shape = o.output_shape;
  f("output_shape", shape);
  if (f.reading()) o.output_shape = shape.value_or(Shape());
  std::optional<std::int64_t> axis;  // a built layer of Keras writes [1]
  f("attention_axes", axis);
  if (axis.value_or(1) != 1) fail("{}: attention_axes is None or 1, got {}", who(), *axis);
  std::optional<bool> flash;  // how Keras computes, which changes no number
  f("flash_attention", flash);
  detail::kernel_fields(f, o);
  f("seed", o.seed);
}

void MultiHeadAttentionImpl::check_options() const {
  AttentionBase::check_options();
  const std::int64_t heads = options_.num_heads, key_dim = options_.key_dim;
  if (heads < 1 || key_dim < 1 || value_dim() < 1) {
    fail("{}: num_heads, key_dim and value_dim are at least 1, got {}, {} and {}", who(), heads,
         key_dim, value_dim());
  }
  const Shape& output = options_.output_shape;
  if (std::ranges::any_of(output, [](std::int64_t size) { return size < 1; })) {
    fail("{}: sizes of output_shape are at least 1, got {}", who(), output.str());
  }
}

void MultiHeadAttentionImpl::check(const Shapes& inputs) const {
  if (inputs.size() != 4) return AttentionBase::check(inputs);
  AttentionBase::check({inputs[0], inputs[1], inputs[2]});
  const Shape want{inputs[0][0], inputs[0][1], inputs[1][1]};
  if (!compatible(inputs[3], want)) {
    fail("{}: attention_mask is (batch, Tq, Tv) = {}, got {}", who(), want.str(), inputs[3].str());
  }
}

void MultiHeadAttentionImpl::check_channels(const Shapes& inputs,
                                            const std::string& operands) const {
  const std::pair<const Projection&, std::int64_t> all[] = {
      {query_, inputs[0][2]}, {key_, key_of(inputs)[2]}, {value_, inputs[1][2]}};
  for (const auto& [projection, channels] : all) {
    if (!projection.kernel.defined()) {
      if (channels == any) fail("{}: the number of channels must be known {}", who(), operands);
    } else if (channels != any && channels != projection.kernel.size(0)) {
      fail("{}: kernels were built for {}, {} and {} channels {}", who(), query_.kernel.size(0),
           value_.kernel.size(0), key_.kernel.size(0), operands);
    }
  }
}

MultiHeadAttentionImpl::Projection MultiHeadAttentionImpl::make_projection(
    const std::string& name, const Shape& kernel, int summed) {
  const Options& o = options_;
  Projection made{.summed = summed};
  made.kernel = add_weight(name + "/kernel", kernel, o.kernel_initializer,
                           detail::kernel_weight(o));
  if (!o.use_bias) return made;
  made.bias = add_weight(name + "/bias", joined(kernel, summed, kernel.rank(), {}),
                         o.bias_initializer, detail::bias_weight(o));
  return made;
}

void MultiHeadAttentionImpl::build(const Shapes& inputs) {
  const std::int64_t heads = options_.num_heads, key_dim = options_.key_dim;
  query_ = make_projection("query", {inputs[0][2], heads, key_dim}, 1);
  key_ = make_projection("key", {key_of(inputs)[2], heads, key_dim}, 1);
  value_ = make_projection("value", {inputs[1][2], heads, value_dim()}, 1);
  const Shape& given = options_.output_shape;
  output_ = make_projection("attention_output",
                            joined({heads, value_dim()}, 0, 2,
                                   given.rank() > 0 ? given : Shape{inputs[0][2]}), 2);
}

// (batch, steps, summed axes...) -> (batch, steps, axes of the result...)
Tensor MultiHeadAttentionImpl::project(const Tensor& x, const Projection& p) {
  const Shape& kernel = p.kernel.shape();
  const Shape result = joined(kernel, p.summed, kernel.rank(), {});
  const std::int64_t in = kernel.elements() / result.elements();
  const Tensor y = reshape(
      dense(reshape(x, {x.size(0), x.size(1), in}), reshape(p.kernel, {in, result.elements()}),
            p.bias.defined() ? reshape(p.bias, {result.elements()}) : Tensor()),
      joined(x.shape(), 0, 2, result));
  if (const Regularizer& regularizer = options_.activity_regularizer; regularizer.defined()) {
    add_loss(activity_loss(regularizer, y));
  }
  return y;
}

Tensors MultiHeadAttentionImpl::attend(const Tensors& inputs, const Call& call,
                                       AttentionArguments arguments) {
  // Keras's two ways to compute this differ in what a query that sees nothing gets.
  arguments.blind_sees_all = options_.dropout == 0 && !call.return_attention_scores;
  Tensor values = inputs[1];
  if (inputs.size() > 3) {
    arguments.pair_mask = inputs[3];
    if (const DType dtype = inputs[3].dtype(); dtype != DType::boolean) {
      fail("{}: attention_mask is bool, got {}", who(), kindling::name(dtype));
    }
  }
  if (inputs.size() > 2 && call.masks[2].defined()) {
    check_mask("key", call.masks[2], inputs[1]);
    values = finite_where_masked(values, call.masks[2]);
    arguments.value_mask = arguments.value_mask.defined()
                               ? logical_and(arguments.value_mask, call.masks[2])
                               : call.masks[2];
  }
  const Tensor query = project(inputs[0], query_), key = project(key_of(inputs), key_);
  const Tensor value = project(values, value_);
  const double scale = 1 / std::sqrt(static_cast<double>(options_.key_dim));
  Tensors results = dot_product_attention(query, value, key, scalar(scale), arguments);
  results[0] = project(results[0], output_);
  return results;
}

Tensors MultiHeadAttentionImpl::with_masks(Tensors results, const Tensors& inputs,
                                           const Call& call) {
  results = LayerImpl::with_masks(std::move(results), inputs, call);
  if (results.size() < 2) return results;
  // The pairs that see each other, of the size of what restricts them: as in Keras, whose layer
  // takes its scores from a Softmax layer.
  Tensor seen;
  const auto restrict = [&seen](const Tensor& pairs) {
    seen = seen.defined() ? logical_and(seen, pairs) : pairs;
  };
  const std::int64_t batch = inputs[0].size(0), queries = inputs[0].size(1);
  const std::int64_t values = inputs[1].size(1);
  if (call.masks[0].defined()) restrict(call.masks[0].reshaped({batch, 1, queries, 1}));
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (call.masks[i].defined()) restrict(call.masks[i].reshaped({batch, 1, 1, values}));
  }
  if (inputs.size() > 3) restrict(inputs[3].reshaped({batch, 1, queries, values}));
  if (call.use_causal_mask) {
    restrict(greater_equal(arange(queries).reshaped({1, 1, queries, 1}), arange(values)));
  }
  results[1] = with_mask(results[1], seen);
  return results;
}

Shapes MultiHeadAttentionImpl::compute_output_shape(const Shapes& inputs, const Call& call) {
  const Shape &query = inputs[0], &given = options_.output_shape;
  Shapes results = {given.rank() > 0 ? joined(query, 0, 2, given) : query};
  if (call.return_attention_scores) {
    results.push_back({query[0], options_.num_heads, query[1], inputs[1][1]});
  }
  return results;
}

}  // namespace kindling
