// LayerObserver: sees the calls of layers on real tensors, those inside others too.
//
//   std::cout << trace(model, {x}).str();   // the shapes of a call, layer by layer
#pragma once

#include <string>
#include <vector>

#include <kindling/layers/layer.h>

#pragma GCC visibility push(default)
namespace kindling {

class LayerObserver {
 public:
  // Sees what this thread calls, until it is gone.
  LayerObserver();
  virtual ~LayerObserver();
  LayerObserver(const LayerObserver&) = delete;
  LayerObserver& operator=(const LayerObserver&) = delete;

  // `depth`: in how many others this call is.
  virtual void on_call_begin(const LayerImpl& layer, int depth, const Tensors& inputs) = 0;
  virtual void on_call_end(const LayerImpl& layer, int depth, const Tensors& results) = 0;

 private:
  LayerObserver* before_;
};

// The layers in whose calls this thread is now: "model/dense"; empty outside.
std::string current_layer_path();

// One call of a layer: what went in and came out.
struct CallTrace {
  std::string name, class_name;
  int depth;
  Shapes inputs, results;
};
struct Trace {
  std::vector<CallTrace> calls;  // in their order, an outer one before those inside
  std::string str() const;       // a table
};

// Calls a layer, or a model, and says what shapes each layer in it saw and made.
Trace trace(const Layer& layer, const Tensors& inputs, const CallOptions& options = {});

namespace detail {
// While one lives, a layer's call is in progress.
class CallScope {
 public:
  explicit CallScope(const LayerImpl& layer, const Tensors& inputs);
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;
  bool outermost() const { return outer_ == nullptr; }
  // Whether the layer belongs to one of those in whose calls it is called.
  bool owned() const;
  std::string outer_who() const { return outer_->layer_.who(); }
  void end(const Tensors& results) const;
  // What layers have added to the loss since the outermost call on this thread began; null outside.
  static AddedLosses* losses();

 private:
  friend std::string kindling::current_layer_path();
  const LayerImpl& layer_;
  CallScope* outer_;
  int depth_;
  AddedLosses losses_;  // if it is the outermost
};
}  // namespace detail

}  // namespace kindling
#pragma GCC visibility pop
