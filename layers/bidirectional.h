// Bidirectional: one recurrent layer from the first step to the last, another from the last to the
// first, their outputs merged step by step.
//
// Options   layer, any with go_backwards, return_sequences and return_state; merge_mode; and
//           backward_layer, by default one with the options of layer. Both are made anew, as
//           "forward_lstm" and "backward_lstm", and in sequences their masked steps give 0.
// Inputs    x, or {x, states of the forward layer..., states of the backward layer...}.
// Shapes    as layer's; merge_mode concat doubles the units, none gives both outputs. With
//           return_state the states follow in the order of the inputs.
// Masks     of the steps; passed on with return_sequences.
// Errors    layers that run in the same direction or don't return alike.
// Example   auto encoder = Bidirectional({.layer = LSTM({.units = 64})});   // gives (batch, 128)
// Source    keras.layers.Bidirectional.
#pragma once

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

enum class MergeMode { concat, sum, mul, ave, none };
Config to_config(MergeMode mode);  // null for none
void from_config(const Config& config, MergeMode& mode, const std::string& what);

struct BidirectionalOptions {
  Required<Layer, struct BidirectionalOptions_layer> layer;
  MergeMode merge_mode = MergeMode::concat;
  Layer backward_layer = {};
  std::string name = {};
};

class BidirectionalImpl : public LayerImpl {
 public:
  using Options = BidirectionalOptions;
  explicit BidirectionalImpl(Options options);
  void fields(Fields& f) override;
  void check_options() const override;
  void check(const Shapes& inputs) const override;
  void build(const Shapes& inputs) override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;
  Tensors with_masks(Tensors results, const Tensors& inputs, const Call& call) override;

 private:
  void make_layers();
  Layer direction(const Layer& layer, const std::string& prefix) const;
  const Layer& forward() const { return options_.layer; }
  const Layer& backward() const { return options_.backward_layer; }
  bool returns(const char* what) const;  // its options return_sequences, return_state

  Options options_;
  Config forward_config_;  // the forward layer's, which each call would make anew
};
using Bidirectional = Handle<BidirectionalImpl>;

}  // namespace kindling
#pragma GCC visibility pop
