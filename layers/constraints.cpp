#include <kindling/layers/constraints.h>

#include <kindling/autograd/activations.h>
#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/reduce.h>

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
    const Tensor norms = sqrt(sum(square(w), {.axis = options.axis.values, .keepdims = true}));
    return w * (wanted(norms) / (norms + 1e-7));
  });
}

Constraint NonNeg() {
  return Constraint("NonNeg", Config::Map(), [](const Tensor& w) { return relu(w); });
}

Constraint MaxNorm(const MaxNormOptions& o) {
  return of_norms("MaxNorm", o, [o](const Tensor& norms) { return clip(norms, 0, o.max_value); });
}

Constraint UnitNorm(const UnitNormOptions& o) {
  return of_norms("UnitNorm", o, [](const Tensor&) { return scalar(1); });
}

Constraint MinMaxNorm(const MinMaxNormOptions& o) {
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
