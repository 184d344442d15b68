// What layers of attention share: inputs, masks, options of the call, dropout, results.
#pragma once

#include <optional>

#include <kindling/autograd/sequence.h>
#include <kindling/layers/generator_state.h>
#include <kindling/layers/layer.h>
#include <kindling/layers/symbolic.h>

#pragma GCC visibility push(default)
namespace kindling {

class AttentionBase : public LayerImpl {
 public:
  AttentionBase(std::string class_name, std::string name)
      : LayerImpl(std::move(class_name), std::move(name)) {
    supports_masking_ = true;
    has_attention_arguments_ = true;
  }
  void state(Fields& f) override { generator_.field(f, "generator"); }
  void check_options() const override;
  void check(const Shapes& inputs) const override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;

 protected:
  struct Shared {
    double dropout;
    bool causal;
    std::optional<std::int64_t> seed;
  };
  virtual Shared shared() const = 0;
  // Fails unless the channels fit. `operands` says what all inputs are, for errors.
  virtual void check_channels(const Shapes& inputs, const std::string& operands) const;
  // The output and, if asked for, the scores.
  virtual Tensors attend(const Tensors& inputs, const Call& call,
                         AttentionArguments arguments) = 0;
  // Fails unless a mask of the value or the key, if there is one, has a number a step.
  void check_mask(const char* which, const Tensor& mask, const Tensor& value) const;
  // Of {query, value} or {query, value, key}.
  template <class T>
  static const T& key_of(const std::vector<T>& inputs) {
    return inputs[inputs.size() > 2 ? 2 : 1];
  }

 private:
  CallState<std::optional<Generator>> generator_;
};

template <class T>
struct AttentionResult {
  T output;
  T scores;
};

template <class Impl>
class AttentionHandle : public Handle<Impl> {
 public:
  using Base = Handle<Impl>;
  using Base::Base;
  AttentionHandle(const Base& handle) : Base(handle) {}

  // The output and the softmax weights.
  AttentionResult<Tensor> with_scores(const Tensors& inputs, CallOptions options = {}) const {
    options.return_attention_scores = true;
    const Tensors results = this->call(inputs, options);
    return {results[0], results[1]};
  }
  AttentionResult<SymbolicTensor> with_scores(const SymbolicTensors& inputs,
                                              SymbolicCallOptions options = {}) const {
    options.return_attention_scores = true;
    const SymbolicTensors results = this->call(inputs, options);
    return {results[0], results[1]};
  }
};

}  // namespace kindling
#pragma GCC visibility pop
