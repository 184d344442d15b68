#include <kindling/layers/constraints.h>

#include <cmath>

#include <kindling/autograd/activations.h>
#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/overflow.h>
#include <kindling/autograd/reduce.h>
#include <kindling/tensor/fail.h>

namespace kindling {

static void fields_of(Fields& f, MaxNormOptions& o) {
  f("max_value", o.max_value);
  f("axis", o.axis);
}
static void fields_of(Fields& f, UnitNormOptions& o) { f("axis", o.axis); }
static void fields_of(Fields& f, MinMaxNormOptions& o) {
  f("min_value", o.min_value);
  f("max_value", o.max_value);
  f("rate", o.rate);
  f("axis", o.axis);
}

// A constraint that brings norms along axes to wanted(norms).
template <class Options, class Wanted>
static Constraint of_norms(const char* class_name, const Options& options, Wanted wanted) {
  return Constraint(class_name, config_of(options), [options, wanted](const Tensor& w) {
    const std::vector<int>& axes = options.axis.values;
    const Tensor scale = detail::without_overflow(w, axes);
    const Tensor norms = scale * sqrt(sum(square(w / scale), {.axis = axes, .keepdims = true}));
    return w * (wanted(norms) / (norms + 1e-7));
  });
}

Constraint NonNeg() {
  return Constraint("NonNeg", Config::Map(), [](const Tensor& w) { return relu(w); });
}

static void check_norm(const char* who, const char* option, double norm) {
  if (!(norm >= 0 && std::isfinite(norm))) {
    fail("{}: {} is at least 0 and finite, got {}", who, option, norm);
  }
}

Constraint MaxNorm(const MaxNormOptions& o) {
  check_norm("MaxNorm", "max_value", o.max_value);
  return of_norms("MaxNorm", o, [o](const Tensor& norms) { return clip(norms, 0, o.max_value); });
}

Constraint UnitNorm(const UnitNormOptions& o) {
  return of_norms("UnitNorm", o, [](const Tensor&) { return scalar(1); });
}

Constraint MinMaxNorm(const MinMaxNormOptions& o) {
  check_norm("MinMaxNorm", "min_value", o.min_value);
  check_norm("MinMaxNorm", "max_value", o.max_value);
  if (o.min_value > o.max_value) {
    fail("MinMaxNorm: min_value is at most max_value, got {} and {}", o.min_value, o.max_value);
  }
  if (!(o.rate >= 0 && o.rate <= 1)) fail("MinMaxNorm: rate is in [0, 1], got {}", o.rate);
  return of_norms("MinMaxNorm", o, [o](const Tensor& norms) {
    return o.rate * clip(norms, o.min_value, o.max_value) + (1 - o.rate) * norms;
  });
}

void from_config(const Config& config, Constraint& constraint, const std::string& what) {
  static const NamedFunctions<ConstraintKind> kinds = {
      {"MaxNorm", made_from<MaxNormOptions, MaxNorm>},
      {"MinMaxNorm", made_from<MinMaxNormOptions, MinMaxNorm>},
      {"NonNeg", [](auto&, auto&) { return NonNeg(); }},
      {"UnitNorm", made_from<UnitNormOptions, UnitNorm>},
  };
  constraint = function_from_config(config, what, kinds);
}

}  // namespace kindling
