// Adagrad (Duchi et al., 2011), and what came of it, RMSprop (Hinton, 2012), Adadelta (Zeiler,
// 2012: https://arxiv.org/abs/1212.5701) and Ftrl (McMahan et al., 2013), which can make weights 0:
// each element's steps are divided by the size that its gradients have had.
//
// Adagrad   a += g^2;  w -= learning_rate * g / sqrt(a + epsilon)
// RMSprop   v = rho * v + (1 - rho) g^2;  change = learning_rate * g / sqrt(v + epsilon)
//           w -= change, or with momentum  m = momentum * m + change;  w -= m
//           centered: from v under the root the square of the mean gradient is taken away
// Adadelta  a = rho * a + (1 - rho) g^2;  change = g * sqrt(d + epsilon) / sqrt(a + epsilon)
//           d = rho * d + (1 - rho) change^2;  w -= learning_rate * change
// Ftrl      a' = a + g^2;  z += g + 2 shrinkage w - (a'^p - a^p) / learning_rate * w;  a = a'
//           w = |z| > l1 ? (sign(z) l1 - z) / ((a^p + beta) / learning_rate + 2 l2) : 0
//           with p = -learning_rate_power, strengths shortened: weights don't go on from what they
//           were, not even at first
//
// Source: keras.optimizers.Adagrad, RMSprop, Adadelta, Ftrl.
#pragma once

#include <kindling/optim/optimizer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct AdagradOptions {
  LearningRate learning_rate = 0.001;
  double initial_accumulator_value = 0.1;
  double epsilon = 1e-7;
  std::optional<double> weight_decay = {}, clipnorm = {}, clipvalue = {}, global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {}, gradient_accumulation_steps = {};
  std::string name = {};
};

class AdagradImpl : public OptimizerImpl {
 public:
  using Options = AdagradOptions;
  explicit AdagradImpl(Options options)
      : OptimizerImpl("Adagrad", options), options_(std::move(options)) {}
  void fields(Fields& f) override;
  void check_options() const override;

 protected:
  int slots() const override { return 1; }
  double initial_slot() const override { return options_.initial_accumulator_value; }
  Update update(double learning_rate, std::int64_t iteration) const override;

 private:
  Options options_;
};
using Adagrad = HandleOf<Optimizer, AdagradImpl>;

struct FtrlOptions {
  LearningRate learning_rate = 0.001;
  double learning_rate_power = -0.5;
  double initial_accumulator_value = 0.1;
  double l1_regularization_strength = 0;
  double l2_regularization_strength = 0;
  double l2_shrinkage_regularization_strength = 0;
  double beta = 0;
  std::optional<double> weight_decay = {}, clipnorm = {}, clipvalue = {}, global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {}, gradient_accumulation_steps = {};
  std::string name = {};
};

class FtrlImpl : public OptimizerImpl {
 public:
  using Options = FtrlOptions;
  explicit FtrlImpl(Options options)
      : OptimizerImpl("Ftrl", options), options_(std::move(options)) {}
  void fields(Fields& f) override;
  void check_options() const override;

 protected:
  int slots() const override { return 2; }
  double initial_slot() const override { return options_.initial_accumulator_value; }
  Update update(double learning_rate, std::int64_t iteration) const override;

 private:
  Options options_;
};
using Ftrl = HandleOf<Optimizer, FtrlImpl>;

struct RMSpropOptions {
  LearningRate learning_rate = 0.001;
  double rho = 0.9;
  double momentum = 0;
  double epsilon = 1e-7;
  bool centered = false;
  std::optional<double> weight_decay = {}, clipnorm = {}, clipvalue = {}, global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {}, gradient_accumulation_steps = {};
  std::string name = {};
};

class RMSpropImpl : public OptimizerImpl {
 public:
  using Options = RMSpropOptions;
  explicit RMSpropImpl(Options options)
      : OptimizerImpl("RMSprop", options), options_(std::move(options)) {}
  void fields(Fields& f) override;
  void check_options() const override;

 protected:
  int slots() const override { return 1 + (options_.centered ? 1 : 0) + (has_momentum() ? 1 : 0); }
  Update update(double learning_rate, std::int64_t iteration) const override;

 private:
  bool has_momentum() const { return options_.momentum > 0; }
  Options options_;
};
using RMSprop = HandleOf<Optimizer, RMSpropImpl>;

struct AdadeltaOptions {
  LearningRate learning_rate = 0.001;
  double rho = 0.95;
  double epsilon = 1e-7;
  std::optional<double> weight_decay = {}, clipnorm = {}, clipvalue = {}, global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {}, gradient_accumulation_steps = {};
  std::string name = {};
};

class AdadeltaImpl : public OptimizerImpl {
 public:
  using Options = AdadeltaOptions;
  explicit AdadeltaImpl(Options options)
      : OptimizerImpl("Adadelta", options), options_(std::move(options)) {}
  void fields(Fields& f) override;
  void check_options() const override;

 protected:
  int slots() const override { return 2; }
  Update update(double learning_rate, std::int64_t iteration) const override;

 private:
  Options options_;
};
using Adadelta = HandleOf<Optimizer, AdadeltaImpl>;

}  // namespace kindling
#pragma GCC visibility pop
