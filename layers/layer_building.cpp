// What the calls of a layer change in it: it is built once, and has losses added. Both may happen
// in several threads at once.
#include <kindling/layers/layer.h>

#include <algorithm>

#include <kindling/layers/call_arguments.h>
#include <kindling/layers/observer.h>

namespace kindling {
namespace {

// Building one layer builds those inside, perhaps at their own first calls: one lock for all.
std::recursive_mutex building;
std::uint64_t builds = 0;  // so far; under the lock
std::mutex losses_mutex;   // of all layers' added losses; taken after `building`, if both are

}  // namespace

bool LayerImpl::has_unbuilt_layers() const {
  const auto lock = wait_for_build();
  return std::ranges::any_of(layers_, [](const auto& layer) {
    return !layer->built() || layer->has_unbuilt_layers();
  });
}

std::unique_lock<std::recursive_mutex> LayerImpl::wait_for_build() const {
  std::unique_lock lock(building, std::defer_lock);
  if (!built_) lock.lock();
  return lock;
}

void LayerImpl::ensure_built(const Shapes& inputs) {
  if (built_) return;
  const std::scoped_lock lock(building);
  if (built_) return;
  const std::uint64_t builds_before = builds;
  build_number_ = ++builds;
  weights_before_build_ = own_weights_.size();
  layers_before_build_ = layers_.size();
  try {
    detail::reading_inputs(*this, inputs.size(), [&] {
      check(inputs);
      build(inputs);
    });
  } catch (...) {  // another call tries again
    undo_builds_after(builds_before);
    throw;
  }
  built_shapes_ = inputs;
  built_ = true;
}

void LayerImpl::undo_builds_after(std::uint64_t number) {
  for (const auto& layer : layers_) layer->undo_builds_after(number);
  if (build_number_ <= number) return;
  own_weights_.resize(weights_before_build_);
  regularizers_.resize(weights_before_build_);
  layers_.resize(layers_before_build_);
  build_number_ = 0;
  built_ = has_built_dtypes_ = false;
}

const Shapes& LayerImpl::built_shapes() const {
  static const Shapes none;
  return built_ ? built_shapes_ : none;
}

const std::vector<DType>& LayerImpl::built_dtypes() const {
  static const std::vector<DType> none;
  return has_built_dtypes_ ? built_dtypes_ : none;
}

void LayerImpl::set_built_dtypes(std::vector<DType> dtypes) {
  if (has_built_dtypes_) return;
  const std::scoped_lock lock(building);
  if (has_built_dtypes_) return;
  built_dtypes_ = std::move(dtypes);
  has_built_dtypes_ = true;
}

void LayerImpl::build_whole(const Shapes& shapes, const std::vector<DType>& dtypes) {
  ensure_built(shapes);
  set_built_dtypes(dtypes);
  Call call = settle({}, {});
  call.dtypes = dtypes;
  if (has_unbuilt_layers()) LayerImpl::compute_output_shape(shapes, call);
}

Tensors LayerImpl::losses() const {
  Tensors all;
  std::set<const LayerImpl*> seen;  // a layer may be in two others
  collect_losses(all, seen);
  return all;
}

void LayerImpl::collect_losses(Tensors& all, std::set<const LayerImpl*>& seen) const {
  if (!seen.insert(this).second) return;
  const auto lock = wait_for_build();
  for (std::size_t i = 0; i < own_weights_.size(); ++i) {
    const bool counts = regularizers_[i].defined() && own_weights_[i].trainable && trainable_;
    if (counts) all.push_back(regularizers_[i](own_weights_[i].value));
  }
  activity_regularizer().check_known();
  if (const detail::AddedLosses* isolated = detail::IsolatedCalls::losses()) {
    for (const auto& [layer, loss] : *isolated) {
      if (layer == this) all.push_back(loss);
    }
  } else {
    const std::scoped_lock losses_lock(losses_mutex);
    all.insert(all.end(), added_losses_.begin(), added_losses_.end());
  }
  for (const auto& layer : layers_) layer->collect_losses(all, seen);
}

void LayerImpl::add_loss(const Tensor& loss) {
  if (detail::AddedLosses* added = detail::CallScope::losses()) {
    added->emplace_back(this, loss);
  } else if (detail::AddedLosses* isolated = detail::IsolatedCalls::losses()) {
    isolated->emplace_back(this, loss);
  } else {
    const std::scoped_lock lock(losses_mutex);
    added_losses_.push_back(loss);
  }
}

// A call that two threads make at once leaves the losses of one of the two, not of both.
void LayerImpl::keep_losses(detail::AddedLosses added) {
  if (detail::AddedLosses* isolated = detail::IsolatedCalls::losses()) {
    *isolated = std::move(added);
    return;
  }
  const std::scoped_lock lock(losses_mutex);
  clear_losses();
  for (auto& [layer, loss] : added) layer->added_losses_.push_back(std::move(loss));
}

void LayerImpl::clear_losses() {
  if (!built_) return;  // has none yet, and may be getting its layers
  added_losses_.clear();
  for (const auto& layer : layers_) layer->clear_losses();
}

}  // namespace kindling
