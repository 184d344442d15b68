// Adam (Kingma and Ba, 2014: https://arxiv.org/abs/1412.6980), in Keras's form, and its kin.
//
// Adam    m += (g - m) (1 - beta_1);   v += (g^2 - v) (1 - beta_2)
//         w -= learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon)
//         amsgrad puts the largest v so far under the root
// AdamW   Adam whose weights decay unless it is told otherwise
// Adamax  m as above;   u = max(beta_2 * u, |g|)
//         w -= learning_rate / (1 - beta_1^t) * m / (u + epsilon)
// Lamb    with Adam's step u of learning rate 1,   w -= learning_rate * |w| / |u| * u, norms of the
//         whole weight (You et al., 2019: https://arxiv.org/abs/1904.00962)
// Nadam   Adam with Nesterov's momentum, beta_1 growing from step to step (Dozat, 2015):
//         u_t = beta_1 (1 - 0.96^t / 2);   U_t = u_1 u_2 .. u_t
//         w -= learning_rate * (u_t+1 m / (1 - U_t+1) + (1 - u_t) g / (1 - U_t)) /
//              (sqrt(v / (1 - beta_2^t)) + epsilon)
//
// Source: keras.optimizers.Adam, AdamW, Adamax, Lamb, Nadam.
#pragma once

#include <kindling/optim/optimizer.h>

#pragma GCC visibility push(default)
namespace kindling {

struct AdamOptions {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  bool amsgrad = false;
  std::optional<double> weight_decay = {}, clipnorm = {}, clipvalue = {}, global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {}, gradient_accumulation_steps = {};
  std::string name = {};
};

struct AdamWOptions {
  LearningRate learning_rate = 0.001;
  double weight_decay = 0.004;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  bool amsgrad = false;
  std::optional<double> clipnorm = {}, clipvalue = {}, global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {}, gradient_accumulation_steps = {};
  std::string name = {};
};

struct AdamaxOptions {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  std::optional<double> weight_decay = {}, clipnorm = {}, clipvalue = {}, global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {}, gradient_accumulation_steps = {};
  std::string name = {};
};
using NadamOptions = AdamaxOptions;
using LambOptions = AdamaxOptions;

// The options that Adam and its kin have, and Adam's step.
template <class O>
class AdamKin : public OptimizerImpl {
 public:
  using Options = O;
  void fields(Fields& f) override;
  void check_options() const override;

 protected:
  AdamKin(const char* class_name, Options options)
      : OptimizerImpl(class_name, options), options_(std::move(options)) {}
  int slots() const override;
  Update update(double learning_rate, std::int64_t iteration) const override;

  Options options_;
};
extern template class AdamKin<AdamOptions>;
extern template class AdamKin<AdamWOptions>;
extern template class AdamKin<AdamaxOptions>;

class AdamImpl : public AdamKin<AdamOptions> {
 public:
  explicit AdamImpl(Options options) : AdamKin("Adam", std::move(options)) {}
};
using Adam = HandleOf<Optimizer, AdamImpl>;

class AdamWImpl : public AdamKin<AdamWOptions> {
 public:
  explicit AdamWImpl(Options options) : AdamKin("AdamW", std::move(options)) {}
};
using AdamW = HandleOf<Optimizer, AdamWImpl>;

// Adam that moves only the rows of an embedding that a step looks up: the others stay as they are,
// with their moments and averages, and don't decay. Not what Keras computes.
class LazyAdamImpl : public AdamKin<AdamOptions> {
 public:
  explicit LazyAdamImpl(Options options) : AdamKin("LazyAdam", std::move(options)) {}

 protected:
  bool lazy() const override { return true; }
};
using LazyAdam = HandleOf<Optimizer, LazyAdamImpl>;

class AdamaxImpl : public AdamKin<AdamaxOptions> {
 public:
  explicit AdamaxImpl(Options options) : AdamKin("Adamax", std::move(options)) {}

 protected:
  Update update(double learning_rate, std::int64_t iteration) const override;
};
using Adamax = HandleOf<Optimizer, AdamaxImpl>;

class LambImpl : public AdamKin<AdamaxOptions> {
 public:
  explicit LambImpl(Options options) : AdamKin("Lamb", std::move(options)) {}

 protected:
  bool takes_whole_weights() const override { return true; }
  Update update(double learning_rate, std::int64_t iteration) const override;
};
using Lamb = HandleOf<Optimizer, LambImpl>;

class NadamImpl : public AdamKin<AdamaxOptions> {
 public:
  explicit NadamImpl(Options options) : AdamKin("Nadam", std::move(options)) {}

 protected:
  Update update(double learning_rate, std::int64_t iteration) const override;
};
using Nadam = HandleOf<Optimizer, NadamImpl>;

}  // namespace kindling
#pragma GCC visibility pop
