// SGD: gradient descent, with momentum and Nesterov's form of it.
//
// Without momentum  w -= learning_rate * g
// With momentum     m = momentum * m - learning_rate * g;  w += m
// Nesterov          m as above;  w += momentum * m - learning_rate * g
//
// Source: keras.optimizers.SGD.
#pragma once

#include <kindling/optim/optimizer.h>

namespace kindling {

struct SGDOptions {
  double learning_rate = 0.01;
  double momentum = 0;
  bool nesterov = false;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  std::string name = {};
};

class SGDImpl : public OptimizerImpl {
 public:
  using Options = SGDOptions;
  explicit SGDImpl(Options options)
      : OptimizerImpl("SGD", options.name), options_(std::move(options)) {}
  void fields(Fields& f) override;
  void check_options() const override;

 protected:
  CommonOptimizerOptions common() const override;
  void store_learning_rate(double rate) override { options_.learning_rate = rate; }
  int slots() const override { return options_.momentum != 0 ? 1 : 0; }
  Update update(std::int64_t iteration) const override;

 private:
  Options options_;
};
using SGD = HandleOf<Optimizer, SGDImpl>;

}  // namespace kindling
