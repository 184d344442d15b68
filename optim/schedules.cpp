#include <kindling/optim/schedules.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include <kindling/tensor/fail.h>

namespace kindling {

template <class Options>  // of ExponentialDecay and InverseTimeDecay
static void fields_of(Fields& f, Options& o) {
  f("initial_learning_rate", o.initial_learning_rate);
  f("decay_steps", o.decay_steps);
  f("decay_rate", o.decay_rate);
  f("staircase", o.staircase);
  f("name", o.name);
}
static void fields_of(Fields& f, PolynomialDecayOptions& o) {
  f("initial_learning_rate", o.initial_learning_rate);
  f("decay_steps", o.decay_steps);
  f("end_learning_rate", o.end_learning_rate);
  f("power", o.power);
  f("cycle", o.cycle);
  f("name", o.name);
}
static void fields_of(Fields& f, PiecewiseConstantDecayOptions& o) {
  f("boundaries", o.boundaries);
  f("values", o.values);
  f("name", o.name);
}
static void fields_of(Fields& f, CosineDecayOptions& o) {
  f("initial_learning_rate", o.initial_learning_rate);
  f("decay_steps", o.decay_steps);
  f("alpha", o.alpha);
  f("name", o.name);
  f("warmup_target", o.warmup_target);
  f("warmup_steps", o.warmup_steps);
}
static void fields_of(Fields& f, CosineDecayRestartsOptions& o) {
  f("initial_learning_rate", o.initial_learning_rate);
  f("first_decay_steps", o.first_decay_steps);
  f("t_mul", o.t_mul);
  f("m_mul", o.m_mul);
  f("alpha", o.alpha);
  f("name", o.name);
}

namespace {

// A number of steps, to divide by.
double positive(const char* who, std::int64_t steps, const char* option = "decay_steps") {
  if (steps <= 0) fail("{}: {} is at least 1, got {}", who, option, steps);
  return static_cast<double>(steps);
}

void at_least_0(const char* who, const char* option, double value) {
  if (!(value >= 0 && std::isfinite(value))) {
    fail("{}: {} is at least 0 and finite, got {}", who, option, value);
  }
}

// From 1 down to alpha, as t goes from 0 to 1.
double cosine(double t, double scale, double alpha) {
  return (1 - alpha) * 0.5 * scale * (1 + std::cos(std::numbers::pi * t)) + alpha;
}

}  // namespace

Schedule ExponentialDecay(const ExponentialDecayOptions& options) {
  at_least_0("ExponentialDecay", "initial_learning_rate", options.initial_learning_rate);
  at_least_0("ExponentialDecay", "decay_rate", options.decay_rate);
  const double steps = positive("ExponentialDecay", options.decay_steps);
  return {"ExponentialDecay", config_of(options), [o = options, steps](std::int64_t step) {
            const double t = static_cast<double>(step) / steps;
            const double power = o.staircase ? std::floor(t) : t;
            return o.initial_learning_rate * std::pow(o.decay_rate, power);
          }};
}

Schedule InverseTimeDecay(const InverseTimeDecayOptions& options) {
  at_least_0("InverseTimeDecay", "initial_learning_rate", options.initial_learning_rate);
  at_least_0("InverseTimeDecay", "decay_rate", options.decay_rate);
  const double steps = positive("InverseTimeDecay", options.decay_steps);
  return {"InverseTimeDecay", config_of(options), [o = options, steps](std::int64_t step) {
            const double t = static_cast<double>(step) / steps;
            return o.initial_learning_rate / (1 + o.decay_rate * (o.staircase ? std::floor(t) : t));
          }};
}

Schedule PolynomialDecay(const PolynomialDecayOptions& options) {
  at_least_0("PolynomialDecay", "initial_learning_rate", options.initial_learning_rate);
  at_least_0("PolynomialDecay", "end_learning_rate", options.end_learning_rate);
  at_least_0("PolynomialDecay", "power", options.power);
  const double steps = positive("PolynomialDecay", options.decay_steps);
  return {"PolynomialDecay", config_of(options), [o = options, steps](std::int64_t step) {
            double t = static_cast<double>(step) / steps;
            t = o.cycle ? t / std::max(1.0, std::ceil(t)) : std::min(1.0, t);
            return (o.initial_learning_rate - o.end_learning_rate) * std::pow(1 - t, o.power) +
                   o.end_learning_rate;
          }};
}

Schedule PiecewiseConstantDecay(const PiecewiseConstantDecayOptions& options) {
  const std::vector<std::int64_t>& boundaries = options.boundaries;
  const std::vector<double>& values = options.values;
  if (values.size() != boundaries.size() + 1) {
    fail("PiecewiseConstantDecay: there is one value more than boundaries, got {} and {}",
         values.size(), boundaries.size());
  }
  for (const double value : values) at_least_0("PiecewiseConstantDecay", "values", value);
  if (std::ranges::adjacent_find(boundaries, std::ranges::greater_equal()) != boundaries.end()) {
    fail("PiecewiseConstantDecay: boundaries ascend, got {}", to_config(boundaries).str());
  }
  return {"PiecewiseConstantDecay", config_of(options), [boundaries, values](std::int64_t step) {
            const auto at = std::ranges::lower_bound(boundaries, step);
            return values[static_cast<std::size_t>(at - boundaries.begin())];
          }};
}

Schedule CosineDecay(const CosineDecayOptions& options) {
  at_least_0("CosineDecay", "initial_learning_rate", options.initial_learning_rate);
  at_least_0("CosineDecay", "alpha", options.alpha);
  const double steps = positive("CosineDecay", options.decay_steps);
  at_least_0("CosineDecay", "warmup_target", options.warmup_target.value_or(0));
  if (options.warmup_steps < 0) {
    fail("CosineDecay: warmup_steps is at least 0, got {}", options.warmup_steps);
  }
  return {"CosineDecay", config_of(options), [o = options, steps](std::int64_t step) {
            const double first = o.initial_learning_rate, from = o.warmup_target.value_or(first);
            const std::int64_t warmup = o.warmup_target ? o.warmup_steps : 0;
            const auto after = static_cast<double>(step - warmup);
            if (after < 0) return from + (from - first) * after / static_cast<double>(warmup);
            return from * cosine(std::min(1.0, after / steps), 1, o.alpha);
          }};
}

Schedule CosineDecayRestarts(const CosineDecayRestartsOptions& options) {
  at_least_0("CosineDecayRestarts", "initial_learning_rate", options.initial_learning_rate);
  at_least_0("CosineDecayRestarts", "m_mul", options.m_mul);
  at_least_0("CosineDecayRestarts", "alpha", options.alpha);
  const double steps = positive("CosineDecayRestarts", options.first_decay_steps,
                                "first_decay_steps");
  if (!(options.t_mul >= 1 && std::isfinite(options.t_mul))) {
    fail("CosineDecayRestarts: t_mul is at least 1 and finite, got {}", options.t_mul);
  }
  return {"CosineDecayRestarts", config_of(options), [o = options, steps](std::int64_t step) {
            double t = static_cast<double>(step) / steps, length = 1, restarts = 0;
            if (o.t_mul == 1) t -= restarts = std::floor(t);
            for (; t >= length; length *= o.t_mul, ++restarts) t -= length;
            return o.initial_learning_rate *
                   cosine(t / length, std::pow(o.m_mul, restarts), o.alpha);
          }};
}

void from_config(const Config& config, Schedule& schedule, const std::string& what) {
  static const NamedFunctions<ScheduleKind> kinds = {
      {"CosineDecay", made_from<CosineDecayOptions, CosineDecay>},
      {"CosineDecayRestarts", made_from<CosineDecayRestartsOptions, CosineDecayRestarts>},
      {"ExponentialDecay", made_from<ExponentialDecayOptions, ExponentialDecay>},
      {"InverseTimeDecay", made_from<InverseTimeDecayOptions, InverseTimeDecay>},
      {"PiecewiseConstantDecay", made_from<PiecewiseConstantDecayOptions, PiecewiseConstantDecay>},
      {"PolynomialDecay", made_from<PolynomialDecayOptions, PolynomialDecay>},
  };
  schedule = function_from_config(config, what, kinds);
}

Config to_config(const LearningRate& rate) {
  return rate.schedule().defined() ? to_config(rate.schedule()) : Config(rate.at(0));
}

void from_config(const Config& config, LearningRate& rate, const std::string& what) {
  if (config.is_map()) {
    Schedule schedule;
    from_config(config, schedule, what);
    rate = schedule;
  } else {
    rate = config.as_double(what);
  }
}

}  // namespace kindling
