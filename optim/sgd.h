// SGD: gradient descent, with momentum and Nesterov's form of it.
//
// Without momentum  w -= learning_rate * g
// With momentum     m = momentum * m - learning_rate * g;  w += m
// Nesterov          m as above;  w += momentum * m - learning_rate * g
//
// Source: keras.optimizers.SGD.
#pragma once

#include <kindling/optim/optimizer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct SGDOptions {
  LearningRate learning_rate = 0.01;
  double momentum = 0;
  bool nesterov = false;
  std::optional<double> weight_decay = {}, clipnorm = {}, clipvalue = {}, global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {}, gradient_accumulation_steps = {};
  std::string name = {};
};

class SGDImpl : public OptimizerImpl {
 public:
  using Options = SGDOptions;
  explicit SGDImpl(Options options) : OptimizerImpl("SGD", options), options_(std::move(options)) {}
  void fields(Fields& f) override;
  void check_options() const override;

 protected:
  int slots() const override { return options_.momentum != 0 ? 1 : 0; }
  Update update(double learning_rate, std::int64_t iteration) const override;

 private:
  Options options_;
};
using SGD = HandleOf<Optimizer, SGDImpl>;

}  // namespace kindling
#pragma GCC visibility pop
