// Layer: a handle on a layer, called on tensors or on symbolic tensors; a copy shares the weights.
// LayerImpl: what one derives from to write a layer. Handle<Impl>: the two together.
//
//   struct ScaleOptions { double initial = 1; std::string name = {}; };
//
//   class ScaleImpl : public LayerImpl {
//    public:
//     using Options = ScaleOptions;
//     explicit ScaleImpl(Options o) : LayerImpl("Scale", o.name), options_(o) {}
//     void fields(Fields& f) override { f("initial", options_.initial); }
//     void build(const Shapes& inputs) override {
//       scale_ = add_weight("scale", {inputs[0][-1]}, Constant({.value = options_.initial}));
//     }
//     Tensors call(const Tensors& inputs, const Call&) override { return {inputs[0] * scale_}; }
//
//    private:
//     Options options_;
//     Tensor scale_;
//   };
//   using Scale = Handle<ScaleImpl>;
//
// Source: keras.layers.Layer.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <kindling/layers/call_state.h>
#include <kindling/layers/configurable.h>
#include <kindling/layers/constraints.h>
#include <kindling/layers/initializers.h>
#include <kindling/layers/regularizers.h>
#include <kindling/layers/symbolic_tensor.h>
#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

using Shapes = CheckedVector<Shape>;
Shapes shapes_of(const Tensors& tensors);
std::string text_of(const Shapes& shapes);  // "(2, 3), (2,)"

// A weight as optimizers, files and summaries see it. Names are paths: "cnn_layer/kernel".
struct Weight {
  std::string name;
  Tensor value;
  bool trainable = true;
  Constraint constraint = {};  // applied after each step of an optimizer
  std::vector<std::string> aliases = {};  // its names in the other places where its layer stands
};
using Weights = std::vector<Weight>;

// What add_weight takes besides a name, a shape and an initializer.
struct WeightOptions {
  bool trainable = true;
  Regularizer regularizer = {};  // what it adds to the loss
  Constraint constraint = {};
};

// Call arguments, as in Keras.
template <class T>
struct CallArguments {
  std::vector<T> mask = {};            // one an input, undefined for none; if empty, the masks
                                       // that the inputs carry
  std::optional<bool> training = {};   // else that of the call this one is part of; else false
  bool use_causal_mask = false;        // attention layers
  bool return_attention_scores = false;
};
using CallOptions = CallArguments<Tensor>;
using SymbolicCallOptions = CallArguments<SymbolicTensor>;

// The same as a layer's call() gets them: settled.
struct Call {
  Tensors masks = {};  // as many as inputs
  std::vector<DType> dtypes = {};  // the inputs', for compute_output_shape alone
  bool training = false;
  bool use_causal_mask = false;
  bool return_attention_scores = false;
};

// What a layer is told when it takes no mask but its input carries one: Keras drops it and warns.
enum class DroppedMask { warn, error, silent };
void set_dropped_mask_policy(DroppedMask policy);

class LayerImpl : public Configurable {
 public:
  // An empty name becomes the class's in snake_case, numbered: "dense", "dense_1".
  using Configurable::Configurable;

  // To override, besides Configurable's fields() and check_options(). call() must be.

  // Fails unless inputs of these shapes (sizes may be `any`) fit. Runs before build and each call.
  // Unless overridden: takes any number of inputs but none.
  virtual void check(const Shapes& inputs) const;
  // Makes the weights, once, at the first call.
  virtual void build(const Shapes&) {}
  virtual Tensors call(const Tensors& inputs, const Call& call) = 0;
  // Shapes of the results. Unless overridden: calls the layer on zeros of call.dtypes, twice, with
  // different sizes where the shapes have `any`.
  virtual Shapes compute_output_shape(const Shapes& inputs, const Call& call);
  // The results' dtypes; float32 where the list ends.
  virtual std::vector<DType> compute_output_dtypes(const std::vector<DType>&) const { return {}; }
  // The mask of the first result. Unless overridden: the first input's if supports_masking_.
  virtual Tensor compute_mask(const Tensors& inputs, const Call& call);
  // The results with the masks they carry from here on. Unless overridden: compute_mask's on the
  // first, none on the others.
  virtual Tensors with_masks(Tensors results, const Tensors& inputs, const Call& call);

  // In a graph: whether it takes its inputs' masks away from them, and whether what it passes on is
  // gone where an input's is (FunctionalImpl::lost_masks).
  bool takes_masks_away() const { return takes_masks_away_; }
  bool passes_masks_unseen() const { return passes_masks_unseen_; }
  // Whether calls take use_causal_mask and return_attention_scores.
  bool has_attention_arguments() const { return has_attention_arguments_; }

  // What it keeps from call to call, its layers included, is let go of.
  virtual void reset_states();

  // Its own, then its layers': "dense/kernel". Each once, also of a layer that is in two others; it
  // is trainable if it is in all of them.
  Weights weights() const;
  Weights weights_inside() const;  // the same, paths without its own name: "kernel"
  // What it adds to the loss, its layers' included: a number a regularized weight, and those that
  // add_loss() got in the latest call.
  Tensors losses() const;
  bool trainable() const { return trainable_; }
  void set_trainable(bool trainable) { trainable_ = trainable; }
  bool built() const { return built_; }
  // Of the first call's inputs; those of build() have no dtypes.
  const Shapes& built_shapes() const;
  const std::vector<DType>& built_dtypes() const;
  // Builds it, and the layers inside that only a call builds, as a first call of such inputs would.
  void build_whole(const Shapes& shapes, const std::vector<DType>& dtypes);

  // What Layer::operator() does: settles arguments, checks, builds, calls, passes on masks.
  Tensors run(const Tensors& inputs, const CallOptions& options);
  // Once, whatever the number of threads that call it. Where build() fails, the layer and those
  // that were built inside are as they were before.
  void ensure_built(const Shapes& inputs);
  bool has_unbuilt_layers() const;  // until the first call()
  std::vector<Layer> layers() const;  // those inside
  bool has_layer(const LayerImpl& layer) const;
  // What it and its layers must keep, besides weights, for a run to be taken up: state() of each.
  void all_states(Fields& f);
  // Call arguments with defaults and masks filled in; fails on one that the layer doesn't take.
  Call settle(const Tensors& inputs, const CallOptions& options) const;

 protected:
  // Registers a weight: it is trained, saved and counted from here on.
  Tensor add_weight(const std::string& name, const Shape& shape, const Initializer& initializer,
                    const WeightOptions& options = {});
  // Adds a number to the loss of this call: losses(). Source: keras.layers.Layer.add_loss.
  void add_loss(const Tensor& loss);
  // Of the results, if it is defined: its value is added to the loss.
  virtual Regularizer activity_regularizer() const { return {}; }
  // Registers a layer that this one calls. Its name, part of its weights' paths, is its own among
  // the layers of this one: without one given, "dense", "dense_1".
  template <class L>
  L add_layer(L layer) {
    adopt(layer.impl());
    return layer;
  }
  // The same for a layer that keeps its name.
  void keep_layer(const Layer& layer);
  std::string default_name() const override;
  void common_fields(Fields& f) override;
  void check_count(const Shapes& inputs, std::size_t count) const;
  void check_rank(const Shape& input, int rank, const char* axes) const;

  // Knows masks: steps that one leaves out are 0 to call() if they hold a NaN or an infinity, and
  // compute_mask(), unless overridden, passes on the first input's.
  bool supports_masking_ = false;
  bool takes_masks_away_ = false;
  bool passes_masks_unseen_ = false;  // of layers whose call, in Keras, has no argument `mask`
  bool has_attention_arguments_ = false;  // use_causal_mask, return_attention_scores

 private:
  // call(), whose errors say which layer they came from.
  Tensors call_named(const Tensors& inputs, const Call& call);
  void adopt(const std::shared_ptr<LayerImpl>& layer);
  void clear_losses();
  void keep_losses(detail::AddedLosses added);
  void collect_losses(Tensors& all, std::set<const LayerImpl*>& seen) const;
  void set_built_dtypes(std::vector<DType> dtypes);
  void undo_builds_after(std::uint64_t number);
  // Held while its weights and layers are gone over, which another thread may be making.
  std::unique_lock<std::recursive_mutex> wait_for_build() const;

  bool trainable_ = true;
  std::atomic<bool> built_ = false, has_built_dtypes_ = false;
  Shapes built_shapes_;
  std::vector<DType> built_dtypes_;
  std::uint64_t build_number_ = 0;  // builds are numbered, for those that must be undone
  std::size_t weights_before_build_ = 0, layers_before_build_ = 0;
  std::atomic<bool> warned_ = false, owner_checked_ = false;
  Weights own_weights_;
  std::vector<Regularizer> regularizers_;  // one a weight of its own
  Tensors added_losses_;
  std::vector<std::shared_ptr<LayerImpl>> layers_;
};

class Layer {
 public:
  Layer() = default;  // none: an option that may be left out
  explicit Layer(std::shared_ptr<LayerImpl> impl) : impl_(std::move(impl)) {
    if (impl_) impl_->name();  // takes one now: calls may come from several threads
  }
  bool defined() const { return impl_ != nullptr; }

  // Eager: computes at once. The first call builds the layer.
  Tensor operator()(const Tensor& input, const CallOptions& options = {}) const;
  Tensor operator()(const Tensors& inputs, const CallOptions& options = {}) const;
  // Symbolic: adds a call to the graph that a Model is made from.
  SymbolicTensor operator()(const SymbolicTensor& input,
                            const SymbolicCallOptions& options = {}) const;
  SymbolicTensor operator()(const SymbolicTensors& inputs,
                            const SymbolicCallOptions& options = {}) const;
  // All results of a layer that has several.
  Tensors call(const Tensors& inputs, const CallOptions& options = {}) const;
  SymbolicTensors call(const SymbolicTensors& inputs,
                       const SymbolicCallOptions& options = {}) const;

  const std::string& name() const { return impl()->name(); }
  const std::string& class_name() const { return impl()->class_name(); }
  Weights weights() const { return impl()->weights(); }
  Tensors losses() const { return impl()->losses(); }
  std::int64_t count_params() const;
  bool trainable() const { return impl()->trainable(); }
  void set_trainable(bool trainable) const { impl()->set_trainable(trainable); }
  bool built() const { return impl()->built(); }
  // Makes the weights for inputs of these shapes, without a call.
  void build(const Shapes& inputs) const { impl()->ensure_built(inputs); }
  // Lets go of what stateful layers keep from call to call.
  void reset_states() const { impl()->reset_states(); }
  Config config() const { return impl()->config(); }

  // What it is a handle on; fails if that is nothing.
  const std::shared_ptr<LayerImpl>& impl() const { return detail::held(impl_, "layer"); }

 private:
  std::shared_ptr<LayerImpl> impl_;
};

// A layer as an option of another: {"class_name": .., "config": ..}, null for none. Reading makes
// one of a registered class (layers/registry.h).
Config to_config(const Layer& layer);
void from_config(const Config& config, Layer& layer, const std::string& what);

template <class Impl>
using Handle = HandleOf<Layer, Impl>;

// While one lives, layers called on this thread behave as in training, or as in inference.
class TrainingScope {
 public:
  explicit TrainingScope(bool training);
  ~TrainingScope();
  TrainingScope(const TrainingScope&) = delete;
  TrainingScope& operator=(const TrainingScope&) = delete;

 private:
  bool before_;
};

}  // namespace kindling
#pragma GCC visibility pop
