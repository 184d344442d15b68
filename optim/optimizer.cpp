#include <kindling/optim/optimizer.h>

#include <algorithm>
#include <cmath>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/graph.h>
#include <kindling/optim/adam.h>
#include <kindling/optim/deferred_rows.h>
#include <kindling/optim/sgd.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/kernels/elementwise.h>
#include <kindling/tensor/kernels/reduce.h>

namespace kindling {
namespace {

// What there is of a gradient: all of it, or distinct rows. Clipping leaves the others zero.
Tensor values_of(const Gradient& g) { return g.sparse() ? g.rows()[0].values : g.dense(); }

Gradient with_values(const Gradient& g, const Tensor& values) {
  return g.sparse() ? Gradient(g.table(), {g.rows()[0].ids, values}) : Gradient(values);
}

// Row by row, so that rows of zeros, which a sparse gradient leaves out, don't change a bit.
double squares(const Tensor& g) {
  const std::int64_t rows = g.rank() > 0 ? g.size(0) : 1;
  const std::int64_t width = g.elements() / std::max<std::int64_t>(1, rows);
  return kernels::sum_of_squares(g.floats().data(), rows, width);
}

// g scaled down to norm `limit` if its norm is larger.
Tensor within(const Tensor& g, double norm, double limit) {
  return norm > limit ? g * (limit / norm) : g;
}

}  // namespace

void OptimizerImpl::check_learning_rate(double learning_rate) const {
  if (!(learning_rate >= 0 && std::isfinite(learning_rate))) {
    fail("{}: learning_rate is at least 0 and finite, got {}", who(), learning_rate);
  }
}

void OptimizerImpl::set_learning_rate(double learning_rate) {
  check_learning_rate(learning_rate);
  store_learning_rate(learning_rate);
}

void OptimizerImpl::check_common() const {
  const CommonOptimizerOptions c = common();
  check_learning_rate(c.learning_rate);
  if (c.weight_decay && !(*c.weight_decay >= 0 && std::isfinite(*c.weight_decay))) {
    fail("{}: weight_decay is at least 0 and finite, got {}", who(), *c.weight_decay);
  }
  const int limits = c.clipnorm.has_value() + c.clipvalue.has_value() +
                     c.global_clipnorm.has_value();
  if (limits > 1) fail_with("of clipnorm, clipvalue and global_clipnorm only one can be set");
  for (const auto& limit : {c.clipnorm, c.clipvalue, c.global_clipnorm}) {
    if (limit && !(*limit > 0)) fail("{}: a bound on gradients is positive, got {}", who(), *limit);
  }
}

void OptimizerImpl::check_weights(const Weights& weights) const {
  bool trainable = false;
  for (const Weight& w : weights) trainable = trainable || w.trainable;
  if (!trainable) {
    fail("{}: none of the {} weights is trainable", who(), weights.size());
  }
  if (states_.empty()) return;
  bool same = states_.size() == weights.size();
  for (std::size_t i = 0; same && i < weights.size(); ++i) {
    same = states_[i].weight.same_memory(weights[i].value);
  }
  if (!same) {
    fail("{}: keeps state for the {} weights of its first step and got others; use one optimizer "
         "for one set of weights", who(), states_.size());
  }
}

void OptimizerImpl::clip_all(std::vector<Gradient>& gradients) const {
  const CommonOptimizerOptions c = common();
  if (!c.clipnorm && !c.clipvalue && !c.global_clipnorm) return;
  double all = 0;
  for (Gradient& gradient : gradients) {
    if (!gradient.defined()) continue;
    gradient = gradient.sparse() ? gradient.distinct_rows() : Gradient(gradient.dense());
    if (c.global_clipnorm) all += squares(values_of(gradient));
  }
  for (Gradient& gradient : gradients) {
    if (!gradient.defined()) continue;
    Tensor g = values_of(gradient);
    if (c.clipnorm) g = within(g, std::sqrt(squares(g)), *c.clipnorm);
    if (c.clipvalue) g = clip(g, -*c.clipvalue, *c.clipvalue);
    if (c.global_clipnorm) g = within(g, std::sqrt(all), *c.global_clipnorm);
    gradient = with_values(gradient, g);
  }
}

// The optimizer's own, after weight decay.
Update OptimizerImpl::whole_update() const {
  Update own = update(iterations_);
  const CommonOptimizerOptions c = common();
  if (!c.weight_decay) return own;
  const auto kept = static_cast<float>(1 - *c.weight_decay * c.learning_rate);
  return [own = std::move(own), kept](float* w, float* const* slots, const float* g,
                                      std::int64_t n) {
    kernels::affine(w, kept, 0, w, n);
    own(w, slots, g, n);
  };
}

void OptimizerImpl::move(State& state, const Gradient& gradient, const Update& update) const {
  const bool fresh = state.slots.empty();
  while (std::ssize(state.slots) < slots()) state.slots.push_back(zeros(state.weight.shape()));
  if (gradient.sparse()) {
    std::shared_ptr<Deferred>& deferred = state.weight.storage()->deferred;
    if (!state.rows) {
      state.rows = std::make_shared<DeferredRows>(state.weight, state.slots, fresh);
    }
    if (deferred != state.rows) {  // another optimizer's steps come first
      if (deferred) deferred->settle();
      deferred = state.rows;
    }
    state.rows->step(gradient.rows(), update, lazy());
    return;
  }
  if (state.rows) state.rows->wake_all();
  const Tensor g = gradient.dense();
  std::vector<float*> slot_data;
  for (Tensor& slot : state.slots) slot_data.push_back(slot.mutable_floats().data());
  update(state.weight.mutable_floats().data(), slot_data.data(), g.floats().data(),
         g.elements());
}

void OptimizerImpl::step(const Weights& weights) {
  const NoGrad no_grad;
  std::vector<Gradient> gradients;  // taken first, so that none is left over from a step that fails
  bool any_gradient = false;
  for (const Weight& w : weights) {
    Gradient g = take_gradient(w.value);
    gradients.push_back(w.trainable ? std::move(g) : Gradient());
    any_gradient = any_gradient || gradients.back().defined();
  }
  check_weights(weights);
  if (!any_gradient) {
    fail("{}: none of the {} weights has a gradient; call backward on a loss that depends on them "
         "first", who(), weights.size());
  }
  if (states_.empty()) {
    for (const Weight& w : weights) states_.push_back({w.name, w.value, {}});
  }
  clip_all(gradients);
  ++iterations_;
  const Update update = whole_update();
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (gradients[i].defined()) move(states_[i], gradients[i], update);
  }
}

Registry<Optimizer>& optimizer_registry() {
  static Registry<Optimizer> registry = [] {
    Registry<Optimizer> own("optimizer");
    own.add<Adam>();
    own.add<LazyAdam>();
    own.add<SGD>();
    return own;
  }();
  return registry;
}

}  // namespace kindling
