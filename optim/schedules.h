// Learning rate schedules: the learning rate as a function of the step, counted from 0.
//
//   Adam({.learning_rate = CosineDecay({.initial_learning_rate = 1e-3, .decay_steps = 10000})})
//
// A schedule can be called, schedule(step). Source: keras.optimizers.schedules.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <kindling/layers/named_function.h>

#pragma GCC visibility push(default)
namespace kindling {

struct ScheduleKind {
  static constexpr const char* what = "schedule";
  using Signature = double(std::int64_t step);
};
using Schedule = NamedFunction<ScheduleKind>;
void from_config(const Config& config, Schedule& schedule, const std::string& what);

// A number, or a schedule.
class LearningRate {
 public:
  LearningRate(double value) : value_(value) {}
  LearningRate(Schedule schedule) : schedule_(std::move(schedule)) {}
  double at(std::int64_t step) const { return schedule_.defined() ? schedule_(step) : value_; }
  const Schedule& schedule() const { return schedule_; }  // undefined for a number

 private:
  double value_ = std::numeric_limits<double>::quiet_NaN();
  Schedule schedule_;
};
Config to_config(const LearningRate& rate);
void from_config(const Config& config, LearningRate& rate, const std::string& what);

struct ExponentialDecayOptions {
  Required<double, struct ExponentialDecayOptions_initial_learning_rate> initial_learning_rate;
  Required<std::int64_t, struct ExponentialDecayOptions_decay_steps> decay_steps;
  Required<double, struct ExponentialDecayOptions_decay_rate> decay_rate;
  bool staircase = false;  // step / decay_steps is rounded down
  std::string name = "ExponentialDecay";
};
struct InverseTimeDecayOptions {
  Required<double, struct InverseTimeDecayOptions_initial_learning_rate> initial_learning_rate;
  Required<std::int64_t, struct InverseTimeDecayOptions_decay_steps> decay_steps;
  Required<double, struct InverseTimeDecayOptions_decay_rate> decay_rate;
  bool staircase = false;
  std::string name = "InverseTimeDecay";
};
struct PolynomialDecayOptions {
  Required<double, struct PolynomialDecayOptions_initial_learning_rate> initial_learning_rate;
  Required<std::int64_t, struct PolynomialDecayOptions_decay_steps> decay_steps;
  double end_learning_rate = 0.0001;
  double power = 1;
  bool cycle = false;  // beyond decay_steps, over twice as many, three times ...
  std::string name = "PolynomialDecay";
};
struct PiecewiseConstantDecayOptions {
  // The last step of each value but the last.
  Required<std::vector<std::int64_t>, struct PiecewiseConstantDecayOptions_boundaries> boundaries;
  Required<std::vector<double>, struct PiecewiseConstantDecayOptions_values> values;
  std::string name = "PiecewiseConstant";
};
struct CosineDecayOptions {
  Required<double, struct CosineDecayOptions_initial_learning_rate> initial_learning_rate;
  Required<std::int64_t, struct CosineDecayOptions_decay_steps> decay_steps;
  double alpha = 0;  // what is left at the end, as a fraction
  std::string name = "CosineDecay";
  std::optional<double> warmup_target = {};  // first to this, in warmup_steps, in a line
  std::int64_t warmup_steps = 0;
};
struct CosineDecayRestartsOptions {
  Required<double, struct CosineDecayRestartsOptions_initial_learning_rate> initial_learning_rate;
  Required<std::int64_t, struct CosineDecayRestartsOptions_first_decay_steps> first_decay_steps;
  double t_mul = 2;  // each period is so many times as long as the one before,
  double m_mul = 1;  // and starts so many times as high
  double alpha = 0;
  std::string name = "SGDRDecay";
};

// With t = step / decay_steps:
Schedule ExponentialDecay(const ExponentialDecayOptions& options);  // initial * decay_rate^t
Schedule InverseTimeDecay(const InverseTimeDecayOptions& options);  // initial / (1 + decay_rate t)
// (initial - end) (1 - t)^power + end
Schedule PolynomialDecay(const PolynomialDecayOptions& options);
Schedule PiecewiseConstantDecay(const PiecewiseConstantDecayOptions& options);
// initial * ((1 - alpha) (1 + cos(pi t)) / 2 + alpha)
Schedule CosineDecay(const CosineDecayOptions& options);
Schedule CosineDecayRestarts(const CosineDecayRestartsOptions& options);

}  // namespace kindling
#pragma GCC visibility pop
