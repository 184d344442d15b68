#include <algorithm>

#include <kindling/autograd/graph.h>
#include <kindling/autograd/matmul.h>
#include <kindling/autograd/operands.h>
#include <kindling/autograd/reduce.h>
#include <kindling/autograd/sequence.h>
#include <kindling/autograd/shaping.h>
#include <kindling/tensor/kernels/recurrent.h>

namespace kindling {
namespace {

using detail::floats_or_null;
using kernels::Cell;

kernels::RecurrentShape shape_of(const char* who, Cell cell, const Tensor& x, const Tensor& kernel,
                                 const Tensor& bias, const Tensors& states, const Tensor& mask) {
  for (const Tensor* operand : {&x, &kernel}) detail::require(who, *operand, DType::float32);
  detail::require_if_defined(who, bias, DType::float32);
  for (const Tensor& state : states) detail::require(who, state, DType::float32);
  if (x.rank() != 3 || kernel.rank() != 2) {
    fail("{}: x is (batch, steps, gates * units) and the kernel (units, gates * units) [x {}, "
         "kernel {}]", who, x.shape().str(), kernel.shape().str());
  }
  const kernels::RecurrentShape s{cell, x.size(0), x.size(1), kernel.size(0)};
  const auto check = [&](const char* what, const Shape& got, const Shape& wanted) {
    if (got != wanted) {
      fail("{}: {} is {}, got {} [x {}, kernel {}]", who, what, wanted.str(), got.str(),
           x.shape().str(), kernel.shape().str());
    }
  };
  check("x", x.shape(), {s.batch, s.steps, s.width()});
  check("the kernel", kernel.shape(), {s.units, s.width()});
  if (bias.defined()) check("the bias", bias.shape(), {s.width()});
  for (const Tensor& state : states) check("a state", state.shape(), {s.batch, s.units});
  if (mask.defined()) {
    detail::require(who, mask, DType::boolean);
    check("the mask", mask.shape(), {s.batch, s.steps});
  }
  return s;
}

// A sequence's state after the last step, in memory of its own.
Tensor last_state(const Tensor& all, const Tensor& first) {
  const std::int64_t steps = all.size(1);
  if (steps == 0) return first.clone();
  const NoGrad no_grad;
  return slice(all, 1, steps - 1, steps).reshaped(first.shape());
}

// The state before each step.
Tensor states_before(const Tensor& all, const Tensor& first) {
  const Tensor start = first.reshaped(first.shape().inserted(1, 1));
  return slice(concatenate({start, all}, 1), 1, 0, all.size(1));
}

Tensors recurrent(const char* who, Cell cell, const Tensor& x, const Tensor& kernel,
                  const Tensor& bias, const Tensors& states, const Tensor& mask) {
  const kernels::RecurrentShape s = shape_of(who, cell, x, kernel, bias, states, mask);
  const bool has_c = states.size() > 1;
  const auto inputs = [=] {
    return kernels::RecurrentInputs{.x = x.floats().data(),
                                    .kernel = kernel.floats().data(),
                                    .bias = floats_or_null(bias),
                                    .h = states[0].floats().data(),
                                    .c = has_c ? states[1].floats().data() : nullptr,
                                    .mask = mask.defined() ? mask.bools().data() : nullptr};
  };
  Tensors sequences;  // h and c of every step
  for (std::size_t i = 0; i < states.size(); ++i) {
    sequences.push_back(Tensor::empty({s.batch, s.steps, s.units}, DType::float32, who));
  }
  Tensor kept = Tensor::empty({s.batch, s.steps, s.kept()}, DType::float32, who);
  const kernels::RecurrentResults outputs{
      .h = sequences[0].mutable_floats().data(),
      .c = has_c ? sequences[1].mutable_floats().data() : nullptr,
      .kept = kept.mutable_floats().data()};
  kernels::recurrent(s, inputs(), outputs);
  Tensors results = {sequences[0]};
  for (std::size_t i = 0; i < states.size(); ++i) {
    results.push_back(last_state(sequences[i], states[i]));
  }
  const auto pullback = [=](const Tensors& g, const std::vector<bool>& wanted) {
    for (const Tensor& all : sequences) all.check_unchanged();  // `outputs` points into them
    Tensors dstates;  // for the last, then for the first
    for (std::size_t i = 0; i < states.size(); ++i) {
      dstates.push_back(g[i + 1].defined() ? g[i + 1].clone() : zeros(states[i].shape()));
    }
    Tensor dx = Tensor::empty(x.shape());
    Tensor dinner = cell == Cell::lstm ? dx : Tensor::empty(x.shape());
    kernels::recurrent_gradient(s, inputs(), outputs,
                                {.dy = floats_or_null(g[0]),
                                 .dh = dstates[0].mutable_floats().data(),
                                 .dc = has_c ? dstates[1].mutable_floats().data() : nullptr,
                                 .dx = dx.mutable_floats().data(),
                                 .dinner = dinner.mutable_floats().data()});
    // kept keeps alive what `outputs` points to, as sequences do.
    std::vector<Gradient> gradients = {dx, {}, {}};
    if (wanted[1]) {
      const std::int64_t rows = kept.size(0) * kept.size(1);
      gradients[1] = matmul(states_before(sequences[0], states[0]).reshaped({rows, s.units}),
                            dinner.reshaped({rows, s.width()}), {.transpose_a = true});
    }
    if (wanted[2]) gradients[2] = sum(dinner, {.axis = {0, 1}});
    gradients.insert(gradients.end(), dstates.begin(), dstates.end());
    return gradients;
  };
  Tensors operands = {x, kernel, bias};
  operands.insert(operands.end(), states.begin(), states.end());
  return record_fused(who, results, operands, pullback);
}

}  // namespace

Tensors lstm(const Tensor& x, const Tensor& recurrent_kernel, const Tensor& h, const Tensor& c,
             const Tensor& mask) {
  return recurrent("lstm", Cell::lstm, x, recurrent_kernel, {}, {h, c}, mask);
}

Tensors gru(const Tensor& x, const Tensor& recurrent_kernel, const Tensor& recurrent_bias,
            const Tensor& h, const Tensor& mask) {
  return recurrent("gru", Cell::gru, x, recurrent_kernel, recurrent_bias, {h}, mask);
}

}  // namespace kindling
