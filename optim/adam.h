// Adam (Kingma and Ba, 2014: https://arxiv.org/abs/1412.6980), in Keras's form.
//
//   m += (g - m) (1 - beta_1);   v += (g^2 - v) (1 - beta_2)
//   w -= learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon)
//
// amsgrad puts the largest v so far under the root. Source: keras.optimizers.Adam.
#pragma once

#include <kindling/optim/optimizer.h>

namespace kindling {

struct AdamOptions {
  double learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  bool amsgrad = false;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  std::string name = {};
};

class AdamImpl : public OptimizerImpl {
 public:
  using Options = AdamOptions;
  explicit AdamImpl(Options options) : AdamImpl("Adam", std::move(options)) {}
  void fields(Fields& f) override;
  void check_options() const override;

 protected:
  AdamImpl(const char* class_name, Options options)
      : OptimizerImpl(class_name, options.name), options_(std::move(options)) {}
  CommonOptimizerOptions common() const override;
  void store_learning_rate(double rate) override { options_.learning_rate = rate; }
  int slots() const override { return options_.amsgrad ? 3 : 2; }
  Update update(std::int64_t iteration) const override;

 private:
  Options options_;
};
using Adam = HandleOf<Optimizer, AdamImpl>;

// Adam that moves only the rows of an embedding that a step looks up: the others stay as they are,
// with their moments, and don't decay. Not what Keras computes.
class LazyAdamImpl : public AdamImpl {
 public:
  explicit LazyAdamImpl(Options options) : AdamImpl("LazyAdam", std::move(options)) {}

 protected:
  bool lazy() const override { return true; }
};
using LazyAdam = HandleOf<Optimizer, LazyAdamImpl>;

}  // namespace kindling
