// What LSTM, GRU and SimpleRNN share: a step repeated over time, the state handed on from each to
// the next.
//
// Inputs    x, or {x, state...}: the states before the first step, zeros unless given.
// Shapes    {(batch, steps, channels), (batch, units)...} -> (batch, units), the last output; with
//           return_sequences (batch, steps, units); with return_state each state after the last
//           step follows, (batch, units).
// Options   those of Keras. go_backwards takes the steps from the last to the first, and gives the
//           outputs in that order. stateful keeps the states for the next call, until
//           reset_states(). dropout and recurrent_dropout take away the same channels of the
//           inputs and the state at every step of a call. unroll changes nothing here.
// Weights   kernel (channels, gates * units), recurrent_kernel (units, gates * units), bias.
// Masks     of the steps: where false, the state stays and the output is the one before, or 0 if
//           there is none or with zero_output_for_mask. Passed on with return_sequences, as it is:
//           with go_backwards, as in Keras, it isn't in the order of the outputs.
// Errors    inputs that are no sequence and its states; other sizes than it was built for.
// Speed     with the default activations (and reset_after) and no recurrent_dropout, all steps are
//           one operation: lstm, gru.
// Source    keras.layers.RNN.
#pragma once

#include <functional>
#include <optional>

#include <kindling/layers/activation_function.h>
#include <kindling/layers/generator_state.h>
#include <kindling/layers/layer.h>
#include <kindling/layers/symbolic.h>

#pragma GCC visibility push(default)
namespace kindling {

template <class O>
class RecurrentImpl : public LayerImpl {
 public:
  using Options = O;
  void fields(Fields& f) override;
  void state(Fields& f) override {
    generator_.field(f, "generator");
    states_.field(f, "states");
  }
  void check_options() const override;
  void check(const Shapes& inputs) const override;
  void build(const Shapes& inputs) override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;
  Tensor compute_mask(const Tensors& inputs, const Call& call) override;
  void reset_states() override { states_.set({}); }
  bool returns_state() const { return options_.return_state; }

 protected:
  RecurrentImpl(const char* class_name, O options, std::int64_t gates, std::size_t states)
      : LayerImpl(class_name, options.name), options_(std::move(options)), gates_(gates),
        state_count_(states) {
    supports_masking_ = true;
  }
  Regularizer activity_regularizer() const override { return options_.activity_regularizer; }

  // A cell. What the state adds to a gate: the product of h with the gate's part of the kernel.
  using Inner = std::function<Tensor(std::size_t gate, const Tensor& h)>;
  // x, what the inputs add to each gate, and the states -> the states after the step, h first.
  virtual Tensors step(const Tensors& x, const Inner& inner, const Tensors& states) const = 0;
  // All steps at once: {h of all, last states...}; nothing where there is no such operation.
  virtual Tensors all_steps(const Tensor&, const Tensor& /*recurrent_kernel*/,
                            const Tensor& /*recurrent_bias*/, const Tensors& /*states*/,
                            const Tensor& /*mask*/) const {
    return {};
  }
  virtual Shape bias_shape() const { return {gates_ * options_.units}; }
  virtual Initializer bias_initializer() const { return options_.bias_initializer; }
  bool default_activations() const;

  Options options_;

 private:
  Tensors step_by_step(const Tensor& x, const Tensor& recurrent_bias, Tensors states,
                       const Tensor& mask, const Tensors& dropout_masks) const;
  Tensors dropout_masks(double rate, const Shape& shape, std::optional<Generator>& generator) const;
  Tensors states_for(const Tensors& inputs) const;
  Tensor bias_row(std::int64_t row) const;

  std::int64_t gates_;
  std::size_t state_count_;
  Tensor kernel_, recurrent_kernel_, bias_;
  CallState<std::optional<Generator>> generator_;
  CallState<Tensors> states_;  // of a stateful layer
};

template <class T>
struct StateResult {
  T output;
  std::vector<T> states;
};

template <class Impl>
class RecurrentHandle : public Handle<Impl> {
 public:
  using Base = Handle<Impl>;
  using Base::Base;
  RecurrentHandle(const Base& handle) : Base(handle) {}

  // Of a layer with return_state: auto [output, states] = encoder.with_state({x}).
  StateResult<Tensor> with_state(const Tensors& inputs, const CallOptions& options = {}) const {
    return parted(this->call(inputs, options));
  }
  StateResult<SymbolicTensor> with_state(const SymbolicTensors& inputs,
                                         const SymbolicCallOptions& options = {}) const {
    return parted(this->call(inputs, options));
  }

 private:
  template <class T>
  StateResult<T> parted(const std::vector<T>& results) const {
    const auto& impl = static_cast<Impl&>(*this->impl());
    if (!impl.returns_state()) throw Error(impl.who() + ": with_state needs return_state");
    return {results[0], {results.begin() + 1, results.end()}};
  }
};

}  // namespace kindling
#pragma GCC visibility pop
