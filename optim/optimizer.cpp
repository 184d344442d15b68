#include <kindling/optim/optimizer.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/graph.h>
#include <kindling/optim/adagrad.h>
#include <kindling/optim/adam.h>
#include <kindling/optim/deferred_rows.h>
#include <kindling/optim/lion.h>
#include <kindling/optim/sgd.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/kernels/elementwise.h>
#include <kindling/tensor/kernels/ranges.h>
#include <kindling/tensor/kernels/reduce.h>
#include <kindling/tensor/kernels/update.h>

namespace kindling {
namespace {

// What there is of a gradient: all of it, or distinct rows. Clipping leaves the others zero.
Tensor values_of(const Gradient& g) { return g.sparse() ? g.rows()[0].values : g.dense(); }

Gradient with_values(const Gradient& g, const Tensor& values) {
  return g.sparse() ? Gradient(g.table(), {g.rows()[0].ids, values}) : Gradient(values);
}

// All of it, or rows that come once each.
Gradient summed(const Gradient& g) { return g.sparse() ? g.distinct_rows() : Gradient(g.dense()); }

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

// Adds a step's gradient. Its rows are added up first, as those of a dense one are.
void accumulate(Gradient& sum, const Gradient& g) {
  Gradient more = summed(g);
  if (sum.defined() && sum.sparse() != more.sparse()) {
    sum = Gradient(sum.dense());
    more = Gradient(more.dense());
  }
  sum.add(std::move(more));
}

Gradient mean(const Gradient& sum, std::int64_t steps) {
  const Gradient g = summed(sum);
  return with_values(g, values_of(g) / static_cast<double>(steps));
}

void overwrite(Tensor weight, const Tensor& value) {
  std::ranges::copy(value.floats(), weight.mutable_floats().begin());
}

}  // namespace

void OptimizerImpl::fields(Fields& f) {
  f("learning_rate", common_.learning_rate);
  f("weight_decay", common_.weight_decay);
  f("clipnorm", common_.clipnorm);
  f("global_clipnorm", common_.global_clipnorm);
  f("clipvalue", common_.clipvalue);
  f("use_ema", common_.use_ema);
  f("ema_momentum", common_.ema_momentum);
  f("ema_overwrite_frequency", common_.ema_overwrite_frequency);
  f("gradient_accumulation_steps", common_.gradient_accumulation_steps);
}

std::string OptimizerImpl::default_name() const {
  std::string name = Configurable::default_name();
  std::erase(name, '_');
  return name;
}

void OptimizerImpl::check_at_least_0(const char* option, double value) const {
  if (!(value >= 0 && std::isfinite(static_cast<float>(value)))) {
    fail("{}: {} is at least 0 and finite, got {}", who(), option, value);
  }
}

void OptimizerImpl::check_fraction(const char* option, double value) const {
  if (!(value >= 0 && value <= 1)) fail("{}: {} is in [0, 1], got {}", who(), option, value);
}

void OptimizerImpl::check_options() const {
  const CommonOptimizerOptions& c = common_;
  if (!c.learning_rate.schedule().defined()) check_at_least_0("learning_rate", learning_rate());
  check_at_least_0("weight_decay", c.weight_decay.value_or(0));
  const int limits = c.clipnorm.has_value() + c.clipvalue.has_value() +
                     c.global_clipnorm.has_value();
  if (limits > 1) fail_with("of clipnorm, clipvalue and global_clipnorm only one can be set");
  const auto check_positive = [this](const char* option, const std::optional<double>& limit) {
    if (limit && !(*limit > 0)) fail("{}: {} is positive, got {}", who(), option, *limit);
  };
  check_positive("clipnorm", c.clipnorm);
  check_positive("clipvalue", c.clipvalue);
  check_positive("global_clipnorm", c.global_clipnorm);
  if (static_cast<std::size_t>(all_slots()) > DeferredRows::most_slots) {
    fail("{}: a weight has at most {} slots, got {}", who(), DeferredRows::most_slots - 1, slots());
  }
  check_fraction("ema_momentum", c.ema_momentum);
  if (c.ema_overwrite_frequency.value_or(1) < 1) {
    fail("{}: ema_overwrite_frequency is at least 1, got {}", who(), *c.ema_overwrite_frequency);
  }
  if (c.gradient_accumulation_steps.value_or(2) < 2) {
    fail("{}: gradient_accumulation_steps is at least 2, got {}", who(), accumulation());
  }
}

void OptimizerImpl::set_learning_rate(double learning_rate) {
  if (const Schedule& schedule = common_.learning_rate.schedule(); schedule.defined()) {
    fail("{}: learning_rate follows {}; one that is to be set is made with a number", who(),
         to_config(schedule)["class_name"].as_string(who()));
  }
  check_at_least_0("learning_rate", learning_rate);
  common_.learning_rate = learning_rate;
}

void OptimizerImpl::match(const Weights& weights) {
  bool trainable = false;
  for (const Weight& w : weights) trainable = trainable || w.trainable;
  if (weights.empty()) fail_with("got no weights; a layer has its own after its first call");
  if (!trainable) {
    fail("{}: none of the {} weights is trainable", who(), weights.size());
  }
  for (const Weight& w : weights) {
    if (w.trainable) w.constraint.check_known();
  }
  if (states_.empty()) {
    states_ = restored(weights);
    read_.clear();
    return;
  }
  bool same = states_.size() == weights.size();
  for (std::size_t i = 0; same && i < weights.size(); ++i) {
    same = states_[i].weight.same_memory(weights[i].value);
  }
  if (!same) {
    fail("{}: keeps state for the {} weights of its first step and got others; use one optimizer "
         "for one set of weights", who(), states_.size());
  }
}

// The weights may live on: rows that wait have still to take their steps, but nothing else is kept.
void OptimizerImpl::forget_states() {
  for (State& state : states_) {
    if (state.rows) state.rows->let_go();
  }
  states_.clear();
}

OptimizerImpl::~OptimizerImpl() { forget_states(); }

void OptimizerImpl::clip_all(std::vector<Gradient>& gradients) const {
  const CommonOptimizerOptions& c = common_;
  if (!c.clipnorm && !c.clipvalue && !c.global_clipnorm) return;
  double all = 0;
  for (Gradient& gradient : gradients) {
    if (!gradient.defined()) continue;
    gradient = summed(gradient);
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

// Weight decay, the optimizer's own step (which may be none), and the average, in Keras's order;
// one after the other on each stretch, while it is in the cache.
Update OptimizerImpl::whole_update(const Update& own, double decay) const {
  if (decay == 0 && !common_.use_ema) return own;
  const auto kept = static_cast<float>(1 - decay);
  const auto average = static_cast<std::size_t>(slots());
  // The first step's average is the weight.
  const auto momentum = static_cast<float>(iterations() == 0 ? 0 : common_.ema_momentum);
  const bool overwrites = common_.ema_overwrite_frequency &&
                          (iterations() + 1) % *common_.ema_overwrite_frequency == 0;
  return [own, kept, average, use_ema = common_.use_ema, momentum, overwrites,
          whole = takes_whole_weights()](float* w, float* const* slots, const float* g,
                                         std::int64_t n) {
    const auto move = [&](std::int64_t begin, std::int64_t end) {
      const std::int64_t size = end - begin;
      float* at[DeferredRows::most_slots];
      for (std::size_t i = 0; i < average + (use_ema ? 1 : 0); ++i) at[i] = slots[i] + begin;
      if (kept != 1) kernels::affine(w + begin, kept, 0, w + begin, size);
      if (own) own(w + begin, at, g + begin, size);
      if (!use_ema) return;
      kernels::moving_average(w + begin, at[average], size, momentum);
      if (overwrites) std::copy_n(at[average], size, w + begin);
    };
    if (whole) return move(0, n);
    kernels::for_blocks(n, move);
  };
}

void OptimizerImpl::move(State& state, const Gradient& gradient, const Update& update) const {
  const bool fresh = state.slots.empty();
  if (fresh) {
    Tensors made;  // all of them or, where memory runs out, none
    while (std::ssize(made) < slots()) {
      made.push_back(full(state.weight.shape(), made.empty() ? initial_slot() : 0));
    }
    if (common_.use_ema) made.push_back(state.weight.clone());
    state.slots = std::move(made);
  }
  if (!takes_whole_weights() && (gradient.sparse() || (state.rows && !gradient.defined()))) {
    std::shared_ptr<Deferred>& deferred = state.weight.storage()->deferred;
    if (!state.rows) {  // an average follows its weight even where that rests
      state.rows = std::make_shared<DeferredRows>(state.weight, state.slots,
                                                  fresh && !common_.use_ema, initial_slot());
    }
    if (deferred != state.rows) {  // another optimizer's steps come first
      if (deferred) deferred->settle();
      deferred = state.rows;
    }
    state.weight.storage()->count_write();
    state.rows->step(gradient.rows(), update, lazy());
    return;
  }
  if (state.rows) state.rows->wake_all();
  const Tensor g = gradient.dense();
  std::vector<float*> slot_data;
  for (Tensor& slot : state.slots) slot_data.push_back(slot.mutable_floats().data());
  update(state.weight.mutable_floats().data(), slot_data.data(),
         g.defined() ? g.floats().data() : nullptr, state.weight.elements());
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
  match(weights);
  if (!any_gradient) {
    fail("{}: none of the {} weights has a gradient; call backward on a loss that depends on them "
         "first", who(), weights.size());
  }
  const double rate = learning_rate();
  check_at_least_0("learning_rate", rate);
  std::vector<bool> had_gradient;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    had_gradient.push_back(gradients[i].defined());
    if (accumulation() == 1) continue;
    Gradient& sum = states_[i].accumulated;
    if (gradients[i].defined()) accumulate(sum, gradients[i]);
    gradients[i] = {};
    if ((steps_ + 1) % accumulation() != 0) continue;
    if (sum.defined() && weights[i].trainable) gradients[i] = mean(sum, accumulation());
    sum = {};
  }
  clip_all(gradients);
  const Update own = update(rate, iterations() + 1);
  const Update decayed = whole_update(own, common_.weight_decay.value_or(0) * rate);
  const Update plain = whole_update(own, 0);
  const Update averaged = whole_update({}, 0);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    State& state = states_[i];
    if (gradients[i].defined()) {
      move(state, gradients[i], state.decays ? decayed : plain);
    } else if (weights[i].trainable && common_.use_ema && !state.slots.empty()) {
      move(state, {}, averaged);
    }
    const Constraint& constraint = weights[i].constraint;
    if (constraint.defined() && (had_gradient[i] || gradients[i].defined())) {
      // It looks at all of a weight, so no row of it waits any more.
      overwrite(state.weight, constraint(state.weight));
    }
  }
  ++steps_;
}

void OptimizerImpl::finalize_variable_values(const Weights& weights) {
  if (!common_.use_ema) return;
  match(weights);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    State& state = states_[i];
    if (!weights[i].trainable || state.slots.empty()) continue;
    if (state.rows) state.rows->settle();
    overwrite(state.weight, state.slots.back());
  }
}

Registry<Optimizer>& optimizer_registry() {
  static Registry<Optimizer> registry = [] {
    Registry<Optimizer> own("optimizer");
    own.add<Adadelta>().add<Adagrad>().add<Adam>().add<AdamW>().add<Adamax>().add<Ftrl>();
    own.add<Lamb>().add<LazyAdam>().add<Lion>().add<Nadam>().add<RMSprop>().add<SGD>();
    return own;
  }();
  return registry;
}

}  // namespace kindling
