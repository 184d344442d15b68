#include <kindling/layers/layer.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <new>
#include <mutex>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/graph.h>
#include <kindling/autograd/sequence.h>
#include <kindling/layers/activity_loss.h>
#include <kindling/layers/call_arguments.h>
#include <kindling/layers/observer.h>
#include <kindling/layers/symbolic.h>
#include <kindling/layers/weights_to_come.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

std::atomic<DroppedMask> dropped_mask_policy{DroppedMask::warn};
thread_local bool training_now = false;

std::string next_name(const std::string& class_name) {
  static std::mutex mutex;
  static std::map<std::string, int> used;
  const std::scoped_lock lock(mutex);
  const std::string base = snake_case(class_name);
  const int number = used[base]++;
  return number == 0 ? base : base + "_" + std::to_string(number);
}

// Zeros of a shape, its unknown sizes replaced: the first axis by `batch`, others by `other`.
Tensor probe(const LayerImpl& layer, const Shape& shape, DType dtype, std::int64_t batch,
             std::int64_t other) {
  Shape known = shape;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == any) known = known.with(axis, axis == 0 ? batch : other);
  }
  detail::WeightsToCome::check_probe(known, layer.who());
  return cast(zeros(known), dtype);
}

template <class T>
const T& only(const std::vector<T>& results, const Layer& layer) {
  if (results.size() != 1) {
    fail("{}: has {} results, call() returns them all", layer.impl()->who(), results.size());
  }
  return results[0];
}

}  // namespace

Shapes shapes_of(const Tensors& tensors) {
  Shapes shapes;
  for (const Tensor& t : tensors) shapes.push_back(t.shape());
  return shapes;
}

std::string text_of(const Shapes& shapes) {
  std::string text;
  for (const Shape& shape : shapes) text += (text.empty() ? "" : ", ") + shape.str();
  return text;
}

void set_dropped_mask_policy(DroppedMask policy) { dropped_mask_policy = policy; }

std::string LayerImpl::default_name() const { return next_name(class_name()); }

void LayerImpl::common_fields(Fields& f) {
  Configurable::common_fields(f);
  f("trainable", trainable_);
}

void LayerImpl::check(const Shapes& inputs) const {
  if (inputs.empty()) fail("{}: takes at least one input, got none", who());
  if (built_ && inputs.size() != built_shapes_.size()) {
    fail("{}: takes {} input{}, as in its first call, got {}; a layer that takes either overrides "
         "check()", who(), built_shapes_.size(), built_shapes_.size() == 1 ? "" : "s",
         inputs.size());
  }
}

void LayerImpl::check_count(const Shapes& inputs, std::size_t count) const {
  if (inputs.size() != count) {
    fail("{}: takes {} input{}, got {}", who(), count, count == 1 ? "" : "s", inputs.size());
  }
}

void LayerImpl::check_rank(const Shape& input, int rank, const char* axes) const {
  if (input.rank() != rank) fail("{}: input is {}, got {}", who(), axes, input.str());
}

Shapes LayerImpl::compute_output_shape(const Shapes& inputs, const Call& call) {
  const NoGrad no_grad;
  Tensors small, large;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const DType dtype = i < call.dtypes.size() ? call.dtypes[i] : DType::float32;
    small.push_back(probe(*this, inputs[i], dtype, 2, 61));
    large.push_back(probe(*this, inputs[i], dtype, 3, 67));
  }
  Call masked = call;
  masked.masks.assign(inputs.size(), Tensor());
  masked.training = false;
  const auto shapes_for = [&](const Tensors& zeros) {
    const detail::IsolatedCalls isolated(detail::IsolatedCalls::Keeps::nothing);
    reset_states();  // those kept are of another batch
    return shapes_of(call_named(zeros, masked));
  };
  const Shapes first = shapes_for(small), second = shapes_for(large);
  Shapes results;
  for (std::size_t i = 0; i < first.size(); ++i) {
    Shape shape = first[i];
    for (int axis = 0; axis < shape.rank(); ++axis) {
      if (second[i][axis] != shape[axis]) shape = shape.with(axis, any);
    }
    results.push_back(shape);
  }
  return results;
}

Tensor LayerImpl::compute_mask(const Tensors&, const Call& call) {
  if (supports_masking_) return call.masks.empty() ? Tensor() : call.masks[0];
  bool masked = false;
  for (const Tensor& mask : call.masks) masked = masked || mask.defined();
  if (!masked) return {};
  const DroppedMask policy = dropped_mask_policy;
  const std::string text = who() + ": does not support masks, the one its input carries ends here; "
                                   "put it back on the result with with_mask if later layers "
                                   "should see it";
  if (policy == DroppedMask::error) throw Error(text);
  if (!warned_.exchange(true) && policy == DroppedMask::warn) warn(text);
  return {};
}

Weights LayerImpl::weights_inside() const {
  const auto lock = wait_for_build();
  Weights all = own_weights_;
  std::map<const Storage*, std::size_t> places;  // of those in layers that may be in several others
  for (const auto& layer : layers_) {
    for (Weight& w : layer->weights()) {
      const auto [at, fresh] = places.try_emplace(w.value.storage().get(), all.size());
      if (fresh) {
        all.push_back(std::move(w));
        continue;
      }
      Weight& first = all[at->second];
      first.trainable = first.trainable && w.trainable;
      first.aliases.push_back(std::move(w.name));
      first.aliases.insert(first.aliases.end(), w.aliases.begin(), w.aliases.end());
    }
  }
  for (Weight& w : all) w.trainable = w.trainable && trainable_;
  return all;
}

Weights LayerImpl::weights() const {
  Weights all = weights_inside();
  for (Weight& w : all) {
    w.name = name() + "/" + w.name;
    for (std::string& alias : w.aliases) alias = name() + "/" + alias;
  }
  return all;
}

void LayerImpl::reset_states() {
  for (const auto& layer : layers_) layer->reset_states();
}

Tensor LayerImpl::add_weight(const std::string& name, const Shape& shape,
                             const Initializer& initializer, const WeightOptions& options) {
  for (const Weight& w : own_weights_) {
    if (w.name == name) fail("{}: has a weight \"{}\" already", who(), name);
  }
  const bool to_come = detail::WeightsToCome::expected();
  const Tensor start =
      to_come ? detail::WeightsToCome::zeros(shape, fmt::format("{}: weight \"{}\"", who(), name))
              : initializer(shape);
  if (!start.defined() || start.shape() != shape || start.dtype() != DType::float32) {
    fail("{}: the initializer of \"{}\" must make float32 {}, made {}", who(), name, shape.str(),
         start.defined() ? start.shape().str() : "nothing");
  }
  const Tensor value = variable(start);
  own_weights_.push_back({name, value, options.trainable, options.constraint});
  regularizers_.push_back(options.regularizer);
  return value;
}

void LayerImpl::adopt(const std::shared_ptr<LayerImpl>& layer) {
  if (std::ranges::find(layers_, layer) != layers_.end()) return;
  const auto taken = [&](const std::string& name) {
    return std::ranges::any_of(layers_, [&](const auto& other) { return other->name() == name; });
  };
  if (!layer->name_was_given()) {
    const std::string base = snake_case(layer->class_name());
    std::string name = base;
    for (int number = 1; taken(name); ++number) name = base + "_" + std::to_string(number);
    layer->rename(name);
  } else if (taken(layer->name())) {
    fail("{}: has a layer \"{}\" already", who(), layer->name());
  }
  layers_.push_back(layer);
}

void LayerImpl::keep_layer(const Layer& layer) { layers_.push_back(layer.impl()); }

bool LayerImpl::has_layer(const LayerImpl& layer) const {
  return std::ranges::any_of(layers_, [&](const auto& mine) { return mine.get() == &layer; });
}

std::vector<Layer> LayerImpl::layers() const {
  const auto lock = wait_for_build();
  return {layers_.begin(), layers_.end()};
}

void LayerImpl::all_states(Fields& f) {
  f.inside("state", [&](Fields& own) { state(own); });
  // By place: names may be automatic ones.
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    f.inside("layer " + std::to_string(i),
             [&](Fields& inside) { layers_[i]->all_states(inside); });
  }
}

Call LayerImpl::settle(const Tensors& inputs, const CallOptions& options) const {
  Call call{.training = options.training.value_or(training_now),
            .use_causal_mask = options.use_causal_mask,
            .return_attention_scores = options.return_attention_scores};
  if ((call.use_causal_mask || call.return_attention_scores) && !has_attention_arguments_) {
    fail("{}: takes no use_causal_mask and no return_attention_scores", who());
  }
  detail::check_arguments(*this, inputs, options.mask);
  if (options.mask.empty()) {
    for (const Tensor& input : inputs) call.masks.push_back(input.mask());
  } else {
    // These needn't lie over the leading axes: what their sizes mean, the layer says.
    call.masks = options.mask;
    call.masks.resize(inputs.size());
  }
  return call;
}

Tensors LayerImpl::with_masks(Tensors results, const Tensors& inputs, const Call& call) {
  const Tensor mask = compute_mask(inputs, call);
  for (std::size_t i = 0; i < results.size(); ++i) {
    results[i] = with_mask(results[i], i == 0 ? mask : Tensor());
  }
  return results;
}

Tensors LayerImpl::call_named(const Tensors& inputs, const Call& call) {
  try {
    return detail::reading_inputs(*this, inputs.size(), [&] { return this->call(inputs, call); });
  } catch (const std::bad_alloc&) {
    fail_with("out of memory");
  } catch (const Error& error) {
    // An operation's has no name: Dense "d": ... is a layer's, one inside or this one.
    const std::string message = error.what();
    if (message.substr(0, message.find(": ")).find(" \"") != std::string::npos) throw;
    throw Error(who() + ": " + message);
  }
}

Tensors LayerImpl::run(const Tensors& given, const CallOptions& options) {
  const Call settled = settle(given, options);
  Tensors inputs = given;
  for (std::size_t i = 0; supports_masking_ && i < inputs.size(); ++i) {
    const Tensor &x = inputs[i], &mask = settled.masks[i];
    if (mask.defined() && x.dtype() == DType::float32 && mask.shape().leads(x.shape())) {
      inputs[i] = finite_where_masked(x, mask);
    }
  }
  const Shapes shapes = shapes_of(inputs);
  ensure_built(shapes);
  detail::reading_inputs(*this, shapes.size(), [&] { check(shapes); });
  if (!has_built_dtypes_) {
    std::vector<DType> dtypes;
    for (const Tensor& input : inputs) dtypes.push_back(input.dtype());
    set_built_dtypes(std::move(dtypes));
  }
  const TrainingScope scope(settled.training);
  const detail::CallScope scope_of_call(*this, inputs);
  if (!own_weights_.empty() && !owner_checked_ && !scope_of_call.outermost() &&
      !owner_checked_.exchange(true) && !scope_of_call.owned()) {
    warn(who() + ": is called inside " + scope_of_call.outer_who() +
         ", which doesn't know it, so its weights are neither trained nor saved with it; make it "
         "with add_layer there");
  }
  Tensors results = call_named(inputs, settled);
  if (const Regularizer regularizer = activity_regularizer(); regularizer.known()) {
    for (const Tensor& result : results) add_loss(activity_loss(regularizer, result));
  }
  scope_of_call.end(results);
  if (scope_of_call.outermost()) keep_losses(std::move(*detail::CallScope::losses()));
  return with_masks(std::move(results), inputs, settled);
}

Tensor Layer::operator()(const Tensor& input, const CallOptions& options) const {
  return only(call(Tensors{input}, options), *this);
}

Tensor Layer::operator()(const Tensors& inputs, const CallOptions& options) const {
  return only(call(inputs, options), *this);
}

Tensors Layer::call(const Tensors& inputs, const CallOptions& options) const {
  if (!defined()) fail("layer: none can't be called");
  return impl_->run(inputs, options);
}

SymbolicTensor Layer::operator()(const SymbolicTensor& input,
                                 const SymbolicCallOptions& options) const {
  return only(call(SymbolicTensors{input}, options), *this);
}

SymbolicTensor Layer::operator()(const SymbolicTensors& inputs,
                                 const SymbolicCallOptions& options) const {
  return only(call(inputs, options), *this);
}

SymbolicTensors Layer::call(const SymbolicTensors& inputs,
                            const SymbolicCallOptions& options) const {
  if (!defined()) fail("layer: none can't be called");
  return symbolic_call(*this, inputs, options);
}

std::int64_t Layer::count_params() const {
  std::int64_t count = 0;
  for (const Weight& w : weights()) count += w.value.elements();
  return count;
}

TrainingScope::TrainingScope(bool training) : before_(training_now) { training_now = training; }
TrainingScope::~TrainingScope() { training_now = before_; }

}  // namespace kindling
