#include <kindling/layers/recurrent.h>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/graph.h>
#include <kindling/autograd/matmul.h>
#include <kindling/autograd/sequence.h>
#include <kindling/autograd/shaping.h>
#include <kindling/layers/dropout.h>
#include <kindling/layers/gru.h>
#include <kindling/layers/kernel_options.h>
#include <kindling/layers/lstm.h>
#include <kindling/layers/simple_rnn.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

// x kernel + bias; with a dropout mask a gate, each gate sees what its own leaves.
Tensor gates_of(const Tensor& x, const Tensor& kernel, const Tensor& bias, const Tensors& masks) {
  if (masks.size() < 2) return dense(masks.empty() ? x : x * masks[0], kernel, bias);
  const Tensors kernels = split(kernel, static_cast<int>(masks.size()));
  Tensors gates;
  for (std::size_t g = 0; g < masks.size(); ++g) gates.push_back(matmul(x * masks[g], kernels[g]));
  const Tensor all = concatenate(gates);
  return bias.defined() ? all + bias : all;
}

// Whether a step, or one before it, counts.
Tensor begun(const Tensor& mask) {
  Tensor result = mask.clone();
  const std::span<bool> steps = result.mutable_bools();
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (i % static_cast<std::size_t>(mask.size(1)) != 0) steps[i] = steps[i] || steps[i - 1];
  }
  return result;
}

}  // namespace

template <class O>
void RecurrentImpl<O>::fields(Fields& f) {
  O& o = options_;
  f("units", o.units);
  f("activation", o.activation);
  if constexpr (requires { o.recurrent_activation; }) {
    f("recurrent_activation", o.recurrent_activation);
  }
  detail::kernel_fields(f, o);
  if constexpr (requires { o.unit_forget_bias; }) f("unit_forget_bias", o.unit_forget_bias);
  f("dropout", o.dropout);
  f("recurrent_dropout", o.recurrent_dropout);
  f("seed", o.seed);
  f("return_sequences", o.return_sequences);
  f("return_state", o.return_state);
  f("go_backwards", o.go_backwards);
  f("stateful", o.stateful);
  f("unroll", o.unroll);
  if constexpr (requires { o.reset_after; }) f("reset_after", o.reset_after);
  f("zero_output_for_mask", o.zero_output_for_mask);
}

template <class O>
void RecurrentImpl<O>::check_options() const {
  if (options_.units < 1) {
    fail("{}: units is at least 1, got {}", who(), static_cast<std::int64_t>(options_.units));
  }
  if (std::int64_t width = 0; __builtin_mul_overflow(gates_, options_.units.value(), &width)) {
    fail("{}: {} gates of units = {} are more than 64 bits count", who(), gates_,
         options_.units.value());
  }
  for (const double rate : {options_.dropout, options_.recurrent_dropout}) {
    if (!(rate >= 0 && rate < 1)) {
      fail("{}: dropout and recurrent_dropout are in [0, 1), got {}", who(), rate);
    }
  }
}

template <class O>
bool RecurrentImpl<O>::default_activations() const {
  bool by_default = options_.activation.pointwise() == Pointwise::tanh;
  if constexpr (requires { options_.recurrent_activation; }) {
    by_default &= options_.recurrent_activation.pointwise() == Pointwise::sigmoid;
  }
  return by_default;
}

template <class O>
void RecurrentImpl<O>::check(const Shapes& inputs) const {
  if (inputs.size() != 1 && inputs.size() != 1 + state_count_) {
    fail("{}: takes a sequence, or a sequence and {} state{}, got {} inputs", who(), state_count_,
         state_count_ == 1 ? "" : "s", inputs.size());
  }
  const Shape& x = inputs[0];
  check_rank(x, 3, "(batch, steps, channels)");
  if (!built()) {
    if (x[2] == any) fail_with("the number of channels must be known, got " + x.str());
  } else if (x[2] != any && x[2] != kernel_.size(0)) {
    fail("{}: kernel {} was built for {} channels, got input {}", who(), kernel_.shape().str(),
         kernel_.size(0), x.str());
  }
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    const Shape wanted{x[0], options_.units};
    if (!compatible(inputs[i], wanted)) {
      fail("{}: a state is (batch, units) = {}, got {}", who(), wanted.str(), inputs[i].str());
    }
  }
}

template <class O>
void RecurrentImpl<O>::build(const Shapes& inputs) {
  const O& o = options_;
  const std::int64_t width = gates_ * o.units;
  kernel_ = add_weight("kernel", {inputs[0][2], width}, o.kernel_initializer,
                       detail::kernel_weight(o));
  recurrent_kernel_ = add_weight("recurrent_kernel", {o.units, width}, o.recurrent_initializer,
                                 {.regularizer = o.recurrent_regularizer,
                                  .constraint = o.recurrent_constraint});
  if (o.use_bias) {
    bias_ = add_weight("bias", bias_shape(), bias_initializer(), detail::bias_weight(o));
  }
  const auto keep_activation = [&](const ActivationFunction& f) {
    const Layer activation(f.layer());
    if (!activation.defined()) return;
    keep_layer(activation);
    activation.build({Shape{inputs[0][0], o.units}});
  };
  keep_activation(o.activation);
  if constexpr (requires { o.recurrent_activation; }) keep_activation(o.recurrent_activation);
}

// Row 0 of a bias goes with the inputs, row 1 with the state; a bias of one row is all row 0.
template <class O>
Tensor RecurrentImpl<O>::bias_row(std::int64_t row) const {
  if (!bias_.defined() || bias_.rank() == 1) return row == 0 ? bias_ : Tensor();
  return squeeze(slice(bias_, 0, row, row + 1), 0);
}

// As Keras does: with recurrent_dropout one mask a gate, for the inputs too; else one for all.
template <class O>
Tensors RecurrentImpl<O>::dropout_masks(double rate, const Shape& shape,
                                        std::optional<Generator>& generator) const {
  Tensors masks;
  if (rate == 0) return masks;
  const std::int64_t count = options_.recurrent_dropout > 0 ? gates_ : 1;
  for (std::int64_t i = 0; i < count; ++i) {
    masks.push_back(dropout(ones(shape), rate, options_.seed, generator));
  }
  return masks;
}

template <class O>
Tensors RecurrentImpl<O>::states_for(const Tensors& inputs) const {
  if (inputs.size() > 1) return {inputs.begin() + 1, inputs.end()};
  const Shape shape{inputs[0].size(0), options_.units};
  const Tensors kept = states_.get();
  if (kept.empty()) return Tensors(state_count_, zeros(shape));
  if (kept[0].shape() != shape) {
    fail("{}: its states are kept for a batch of {}, got input {}; reset_states() lets them go",
         who(), kept[0].size(0), inputs[0].shape().str());
  }
  return kept;
}

template <class O>
Tensors RecurrentImpl<O>::step_by_step(const Tensor& x, const Tensor& recurrent_bias,
                                       Tensors states, const Tensor& mask,
                                       const Tensors& masks) const {
  const int gates = static_cast<int>(gates_);
  const Tensors kernels = split(recurrent_kernel_, gates);
  const Tensors biases = recurrent_bias.defined() ? split(recurrent_bias, gates) : Tensors();
  const Inner inner = [&](std::size_t gate, const Tensor& h) {
    const Tensor left = masks.empty() ? h : h * masks[masks.size() == 1 ? 0 : gate];
    return dense(left, kernels[gate], biases.empty() ? Tensor() : biases[gate]);
  };
  // A step's gradient is then a row of the whole one.
  const Tensor by_step = transpose(x, {1, 0, 2});
  Tensors outputs;
  for (std::int64_t t = 0; t < x.size(1); ++t) {
    const Tensor now = squeeze(take(by_step, tensor({static_cast<int>(t)})), 0);
    Tensors next = step(split(now, gates), inner, states);
    for (std::size_t i = 0; mask.defined() && i < next.size(); ++i) {
      next[i] = where(slice(mask, 1, t, t + 1), next[i], states[i]);
    }
    states = next;
    outputs.push_back(states[0]);
  }
  Tensors results = {outputs.empty() ? zeros({x.size(0), 0, options_.units}) : stack(outputs, 1)};
  results.insert(results.end(), states.begin(), states.end());
  return results;
}

template <class O>
Tensors RecurrentImpl<O>::call(const Tensors& inputs, const Call& call) {
  const O& o = options_;
  const std::int64_t batch = inputs[0].size(0), steps = inputs[0].size(1);
  Tensor x = inputs[0], mask = call.masks[0];
  if (mask.defined() && mask.shape() != Shape{batch, steps}) {
    fail("{}: a mask is (batch, steps), got {} [input {}]", who(), mask.shape().str(),
         x.shape().str());
  }
  if (o.go_backwards) {
    x = flip(x, 1);
    if (mask.defined()) mask = flip(mask, 1);
  }
  const bool starts_from_states = inputs.size() > 1 || !states_.get().empty();
  const Tensors states = states_for(inputs);
  Tensors input_dropout, state_dropout;
  if (call.training && (o.dropout > 0 || o.recurrent_dropout > 0)) {
    std::optional<Generator> generator = generator_.get();
    input_dropout = dropout_masks(o.dropout, {batch, 1, x.size(2)}, generator);
    state_dropout = dropout_masks(o.recurrent_dropout, {batch, o.units}, generator);
    generator_.set(generator);
  }
  const Tensor gates = gates_of(x, kernel_, bias_row(0), input_dropout);
  const Tensor state_bias = bias_row(1);
  Tensors results;
  if (state_dropout.empty()) {
    results = all_steps(gates, recurrent_kernel_, state_bias, states, mask);
  }
  if (results.empty()) results = step_by_step(gates, state_bias, states, mask, state_dropout);
  if (o.stateful) {
    Tensors kept;
    for (std::size_t i = 1; i < results.size(); ++i) kept.push_back(stop_gradient(results[i]));
    states_.set(kept);
  }
  // The last output is h after the last step.
  if (!o.return_sequences) results[0] = results[1];
  if (mask.defined() && steps > 0 && (o.zero_output_for_mask || starts_from_states)) {
    const Tensor has_output = o.zero_output_for_mask ? mask : begun(mask);
    const Tensor counts = o.return_sequences ? expand_dims(has_output, 2)
                                             : slice(has_output, 1, -1, steps);
    results[0] = where(counts, results[0], scalar(0));
  }
  if (!o.return_state) results.resize(1);
  return results;
}

template <class O>
Shapes RecurrentImpl<O>::compute_output_shape(const Shapes& inputs, const Call&) {
  const Shape state{inputs[0][0], options_.units};
  Shapes shapes = {options_.return_sequences ? state.inserted(1, inputs[0][1]) : state};
  if (options_.return_state) shapes.insert(shapes.end(), state_count_, state);
  return shapes;
}

template <class O>
Tensor RecurrentImpl<O>::compute_mask(const Tensors&, const Call& call) {
  const Tensor& mask = call.masks[0];
  return options_.return_sequences ? mask : Tensor();
}

// The cells.

Tensors LSTMImpl::step(const Tensors& x, const Inner& inner, const Tensors& states) const {
  const auto sum = [&](std::size_t gate) { return x[gate] + inner(gate, states[0]); };
  const ActivationFunction &open = options_.recurrent_activation, &activation = options_.activation;
  const Tensor c = open(sum(1)) * states[1] + open(sum(0)) * activation(sum(2));
  return {open(sum(3)) * activation(c), c};
}

Tensors LSTMImpl::all_steps(const Tensor& x, const Tensor& recurrent_kernel, const Tensor&,
                            const Tensors& states, const Tensor& mask) const {
  if (!default_activations()) return {};
  return lstm(x, recurrent_kernel, states[0], states[1], mask);
}

// The forget gate's part is 1: at first everything is remembered.
Initializer LSTMImpl::bias_initializer() const {
  if (!options_.unit_forget_bias) return options_.bias_initializer;
  return Initializer("", {}, [units = std::int64_t{options_.units},
                              others = options_.bias_initializer](const Shape&) {
    return concatenate({others({units}), ones({units}), others({2 * units})});
  });
}

Tensors GRUImpl::step(const Tensors& x, const Inner& inner, const Tensors& states) const {
  const Tensor& h = states[0];
  const Tensor z = options_.recurrent_activation(x[0] + inner(0, h));
  const Tensor r = options_.recurrent_activation(x[1] + inner(1, h));
  const Tensor reset = options_.reset_after ? r * inner(2, h) : inner(2, r * h);
  return {z * h + (1 - z) * options_.activation(x[2] + reset)};
}

Tensors GRUImpl::all_steps(const Tensor& x, const Tensor& recurrent_kernel,
                           const Tensor& recurrent_bias, const Tensors& states,
                           const Tensor& mask) const {
  if (!options_.reset_after || !default_activations()) return {};
  return gru(x, recurrent_kernel, recurrent_bias, states[0], mask);
}

Tensors SimpleRNNImpl::step(const Tensors& x, const Inner& inner, const Tensors& states) const {
  return {options_.activation(x[0] + inner(0, states[0]))};
}

template class RecurrentImpl<GRUOptions>;
template class RecurrentImpl<LSTMOptions>;
template class RecurrentImpl<SimpleRNNOptions>;

}  // namespace kindling
