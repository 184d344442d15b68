// Optimizer: moves weights against their gradients.
//
//   auto optimizer = Adam({.learning_rate = 1e-3});
//   backward(loss);
//   optimizer.step(model.weights());   // takes the gradients that backward left
//
// Source: keras.optimizers. Where an embedding's gradient is rows, all others move too, as in Keras
// (their moments decay), but only when they are next looked at. LazyAdam leaves them alone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <kindling/autograd/gradient.h>
#include <kindling/layers/layer.h>

namespace kindling {

// What every optimizer has besides its own options; all of Keras's defaults are "none".
struct CommonOptimizerOptions {
  double learning_rate = 0;
  std::optional<double> weight_decay = {};      // w -= w * weight_decay * learning_rate, first
  std::optional<double> clipnorm = {};          // bound on each weight's gradient norm
  std::optional<double> clipvalue = {};         // bound on each element
  std::optional<double> global_clipnorm = {};   // bound on the norm of all gradients together
};

// One step over n elements: a weight w, its slots and its gradient g. It holds the numbers of its
// step, and may run long after it, row by row (optim/deferred_rows.h).
using Update =
    std::function<void(float* w, float* const* slots, const float* g, std::int64_t n)>;

class DeferredRows;

class OptimizerImpl : public Configurable {
 public:
  using Configurable::Configurable;

  void step(const Weights& weights);
  double learning_rate() const { return common().learning_rate; }
  void set_learning_rate(double learning_rate);
  std::int64_t iterations() const { return iterations_; }

 protected:
  virtual CommonOptimizerOptions common() const = 0;
  virtual void store_learning_rate(double learning_rate) = 0;
  // How many tensors of state a weight has, at most 8, at first zeros.
  virtual int slots() const = 0;
  // The step that is the iteration-th, counted from 1.
  virtual Update update(std::int64_t iteration) const = 0;
  // Whether rows without a gradient are left alone, unlike in Keras.
  virtual bool lazy() const { return false; }
  void check_common() const;
  void check_learning_rate(double learning_rate) const;

 private:
  struct State {
    std::string name;
    Tensor weight;  // the handle, to tell whether it is the same one
    Tensors slots;
    std::shared_ptr<DeferredRows> rows = {};  // once a gradient came as rows
  };
  void check_weights(const Weights& weights) const;
  void clip_all(std::vector<Gradient>& gradients) const;
  Update whole_update() const;
  void move(State& state, const Gradient& gradient, const Update& update) const;

  std::vector<State> states_;
  std::int64_t iterations_ = 0;
};

class Optimizer {
 public:
  explicit Optimizer(std::shared_ptr<OptimizerImpl> impl) : impl_(std::move(impl)) {}

  // One step: every trainable weight that has a gradient is moved, and the gradients are taken.
  // The weights must be the same ones at every step.
  void step(const Weights& weights) const { impl_->step(weights); }
  double learning_rate() const { return impl_->learning_rate(); }
  void set_learning_rate(double learning_rate) const { impl_->set_learning_rate(learning_rate); }
  std::int64_t iterations() const { return impl_->iterations(); }
  const std::string& class_name() const { return impl_->class_name(); }
  Config config() const { return impl_->config(); }
  const std::shared_ptr<OptimizerImpl>& impl() const { return impl_; }

 private:
  std::shared_ptr<OptimizerImpl> impl_;
};

Registry<Optimizer>& optimizer_registry();
template <class O>
void register_optimizer() {  // one of your own
  optimizer_registry().add<O>();
}

}  // namespace kindling
