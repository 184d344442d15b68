// Functional: a layer made of a graph of layers, from symbolic inputs to symbolic outputs. What a
// Model (train/model.h) of symbolic tensors is.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <kindling/layers/layer.h>
#include <kindling/layers/symbolic.h>

#pragma GCC visibility push(default)
namespace kindling {

class FunctionalImpl : public LayerImpl {
 public:
  struct Options {
    SymbolicTensors inputs = {};
    SymbolicTensors outputs = {};
    std::string name = {};
    bool sequential = false;  // a chain that Keras calls Sequential, and is saved as one
    // Names for losses, metrics and logs, one per output; by default those of the layers.
    std::vector<std::string> output_names = {};
  };
  // Fails where an input is no Input, an output depends on one that is not listed, or two layers
  // share a name.
  explicit FunctionalImpl(Options options);

  void fields(Fields& f) override;  // its graph: layers/functional_config.h
  void check(const Shapes& inputs) const override;
  Tensors call(const Tensors& inputs, const Call& call) override;
  Shapes compute_output_shape(const Shapes& inputs, const Call& call) override;
  std::vector<DType> compute_output_dtypes(const std::vector<DType>&) const override;
  // Those that its outputs' layers gave them.
  Tensors with_masks(Tensors results, const Tensors&, const Call&) override { return results; }

  const SymbolicTensors& inputs() const { return options_.inputs; }
  const SymbolicTensors& outputs() const { return options_.outputs; }
  // Those given, or those of the layers that the outputs come from, each its own: "dense", and
  // "dense_1" if output 1 comes from it too.
  std::vector<std::string> output_names() const;
  bool names_outputs() const { return !options_.output_names.empty(); }
  // layers(): each once, in the order of their first calls; inputs too.
  // Every call, in an order in which what a call needs comes before it.
  const std::vector<std::shared_ptr<SymbolicNode>>& nodes() const { return nodes_; }
  // A layer's calls in this graph, in their order; which of these a node is.
  const std::vector<std::shared_ptr<SymbolicNode>>& calls_of(const LayerImpl& layer) const;
  int call_index(const SymbolicNode& node) const;
  // Of a call of a layer that takes masks away, which inputs' masks were gone by then. It and what
  // comes out of the graph are as in Keras, where tensors lose them; other calls, for which this is
  // empty, take the masks that were there when the graph was made.
  const std::vector<bool>& lost_masks(const SymbolicNode& call) const;
  const std::vector<bool>& lost_outputs() const { return lost_outputs_; }
  // How many calls of layers a call of this makes, with those of models inside.
  std::int64_t call_count() const { return call_count_; }

 private:
  void collect_nodes();
  void collect_layers();
  void find_lost_masks();

  // Where a value is when the graph runs: result `index` of node number `node`.
  struct Source {
    std::size_t node;
    std::size_t index;
  };
  Source source(const SymbolicTensor& t) const;

  Options options_;
  std::vector<std::shared_ptr<SymbolicNode>> nodes_;
  std::map<const LayerImpl*, std::vector<std::shared_ptr<SymbolicNode>>> calls_;
  std::int64_t call_count_ = 0;
  struct Step {
    std::vector<Source> inputs;
    std::vector<std::optional<Source>> masks;  // those given to the call
    std::vector<bool> lost_masks;
    std::vector<std::size_t> last_uses;  // nodes whose results nobody needs after this step
  };
  std::vector<Step> steps_;  // one a node
  std::vector<bool> lost_outputs_;
};
using Functional = Handle<FunctionalImpl>;

}  // namespace kindling
#pragma GCC visibility pop
