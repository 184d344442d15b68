// Optimizer: moves weights against their gradients.
//
//   auto optimizer = Adam({.learning_rate = 1e-3});
//   backward(loss);
//   optimizer.step(model.weights());   // takes the gradients that backward left
//
// Source: keras.optimizers. Where an embedding's gradient is rows, all others move too, as in Keras
// (their moments decay), but only when they are next looked at. LazyAdam leaves them alone.
//
// One of your own is options, their fields, their check, and the update of one weight:
//
//   class MineImpl : public OptimizerImpl {
//    public:
//     using Options = MineOptions;  // those of CommonOptimizerOptions, a name, and its own
//     explicit MineImpl(Options o) : OptimizerImpl("Mine", o), options_(std::move(o)) {}
//     void fields(Fields& f) override { OptimizerImpl::fields(f); f("rho", options_.rho); }
//    protected:
//     int slots() const override { return 0; }
//     Update update(double learning_rate, std::int64_t iteration) const override;
//     ...
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <kindling/autograd/gradient.h>
#include <kindling/layers/layer.h>
#include <kindling/optim/schedules.h>

#pragma GCC visibility push(default)
namespace kindling {

// What every optimizer has besides its own options; all of Keras's defaults are "none".
struct CommonOptimizerOptions {
  LearningRate learning_rate = 0.0;
  std::optional<double> weight_decay = {};  // w -= w * weight_decay * learning_rate, first
  // Bounds on each weight's gradient norm, on each element, and on the norm of all gradients.
  std::optional<double> clipnorm = {}, clipvalue = {}, global_clipnorm = {};
  // Keeps a moving average of each weight, average = momentum * average + (1 - momentum) * w, and
  // puts it in the weight's place: every ema_overwrite_frequency steps, if that is set, and in
  // finalize_variable_values(), which fit calls once, at its end.
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};
  // The weights move every so many steps, against the mean of the gradients.
  std::optional<std::int64_t> gradient_accumulation_steps = {};
};

// One step over n elements: a weight w, its slots and its gradient g. It holds the numbers of its
// step, never `this`, because it may run long after it, row by row, when the optimizer is gone
// (optim/deferred_rows.h). What it does to an element depends on that element's w, slots and g
// alone, unless takes_whole_weights() says otherwise. Rows that no gradient has reached are left
// out if, without one, it leaves weights of some magnitudes and their first slots as they are.
using Update =
    std::function<void(float* w, float* const* slots, const float* g, std::int64_t n)>;

class DeferredRows;

class OptimizerImpl : public Configurable {
 public:
  // From here on the options that all share are those of common_, not the given ones.
  template <class Options>
  OptimizerImpl(const char* class_name, const Options& o)
      : Configurable(class_name, o.name),
        common_{.learning_rate = o.learning_rate,
                .weight_decay = o.weight_decay,
                .clipnorm = o.clipnorm,
                .clipvalue = o.clipvalue,
                .global_clipnorm = o.global_clipnorm,
                .use_ema = o.use_ema,
                .ema_momentum = o.ema_momentum,
                .ema_overwrite_frequency = o.ema_overwrite_frequency,
                .gradient_accumulation_steps = o.gradient_accumulation_steps} {}

  ~OptimizerImpl() override;

  void fields(Fields& f) override;
  void check_options() const override;
  // Iterations, moments, averages, gradients accumulated so far. What has been read is matched to
  // the weights, by name, at the next step.
  void state(Fields& f) override;

  void step(const Weights& weights);
  double learning_rate() const { return common_.learning_rate.at(steps_); }
  void set_learning_rate(double learning_rate);
  std::int64_t iterations() const { return steps_ / accumulation(); }
  void exclude_from_weight_decay(const std::vector<std::string>& names);
  void finalize_variable_values(const Weights& weights);

 protected:
  // How many tensors of state a weight has, at most 7, and what the first is at first; the others
  // are 0.
  virtual int slots() const = 0;
  virtual double initial_slot() const { return 0; }
  // The step that is the iteration-th, counted from 1.
  virtual Update update(double learning_rate, std::int64_t iteration) const = 0;
  // Whether a step of one element depends on others, so that an Update gets all of a weight.
  virtual bool takes_whole_weights() const { return false; }
  // Whether rows without a gradient are left alone, unlike in Keras.
  virtual bool lazy() const { return false; }
  std::string default_name() const override;  // RMSprop -> rmsprop
  void check_at_least_0(const char* option, double value) const;
  void check_fraction(const char* option, double value) const;  // in [0, 1]

 private:
  struct State {
    std::string name;
    Tensor weight;  // the handle, to tell whether it is the same one
    bool decays = true;
    Tensors slots = {};  // the optimizer's, and the average
    Gradient accumulated = {};
    std::shared_ptr<DeferredRows> rows = {};  // once a gradient came as rows
  };
  // As it was read: gradients dense, or ids and values of rows.
  struct SavedState {
    std::string name;
    Tensors slots, accumulated;
  };
  friend void fields_of(Fields& f, SavedState& s) {
    f("name", s.name);
    f("slots", s.slots);
    f("accumulated", s.accumulated);
  }

  std::int64_t accumulation() const { return common_.gradient_accumulation_steps.value_or(1); }
  int all_slots() const { return slots() + (common_.use_ema ? 1 : 0); }
  std::vector<SavedState> saved() const;
  std::vector<State> restored(const Weights& weights) const;
  void match(const Weights& weights);
  void forget_states();
  void clip_all(std::vector<Gradient>& gradients) const;
  Update whole_update(const Update& own, double decay) const;
  void move(State& state, const Gradient& gradient, const Update& update) const;

  CommonOptimizerOptions common_;
  std::string not_decayed_ = {};  // a pattern of names
  std::vector<State> states_;
  std::vector<SavedState> read_;  // not yet matched
  std::int64_t steps_ = 0;
};

class Optimizer {
 public:
  explicit Optimizer(std::shared_ptr<OptimizerImpl> impl) : impl_(std::move(impl)) {}

  // One step: every trainable weight that has a gradient is moved, and the gradients are taken.
  // The weights must be the same ones at every step.
  void step(const Weights& weights) const { impl()->step(weights); }
  double learning_rate() const { return impl()->learning_rate(); }  // of the next step
  void set_learning_rate(double learning_rate) const { impl()->set_learning_rate(learning_rate); }
  // Steps that moved the weights.
  std::int64_t iterations() const { return impl()->iterations(); }
  // No decay for weights in whose names one of these regular expressions is found: {"bias"}.
  void exclude_from_weight_decay(const std::vector<std::string>& names) const {
    impl()->exclude_from_weight_decay(names);
  }
  // With use_ema: puts the averages into the trainable weights. The end of training.
  void finalize_variable_values(const Weights& weights) const {
    impl()->finalize_variable_values(weights);
  }
  const std::string& class_name() const { return impl()->class_name(); }
  Config config() const { return impl()->config(); }
  const std::shared_ptr<OptimizerImpl>& impl() const {
    return detail::held(impl_, "optimizer");
  }

 private:
  std::shared_ptr<OptimizerImpl> impl_;
};

Registry<Optimizer>& optimizer_registry();
template <class O>
void register_optimizer() {  // one of your own
  optimizer_registry().add<O>();
}

}  // namespace kindling
#pragma GCC visibility pop
