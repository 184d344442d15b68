// Lion (Chen et al., 2023: https://arxiv.org/abs/2302.06675): steps of one size, whose signs are
// those of a mean of gradients. It wants a smaller learning rate than Adam.
//
//   w -= learning_rate * sign(beta_1 * m + (1 - beta_1) g);   m = beta_2 * m + (1 - beta_2) g
//
// Source: keras.optimizers.Lion.
#pragma once

#include <kindling/optim/optimizer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct LionOptions {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.99;
  std::optional<double> weight_decay = {}, clipnorm = {}, clipvalue = {}, global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {}, gradient_accumulation_steps = {};
  std::string name = {};
};

class LionImpl : public OptimizerImpl {
 public:
  using Options = LionOptions;
  explicit LionImpl(Options options)
      : OptimizerImpl("Lion", options), options_(std::move(options)) {}
  void fields(Fields& f) override;
  void check_options() const override;

 protected:
  int slots() const override { return 1; }
  Update update(double learning_rate, std::int64_t iteration) const override;

 private:
  Options options_;
};
using Lion = HandleOf<Optimizer, LionImpl>;

}  // namespace kindling
#pragma GCC visibility pop
