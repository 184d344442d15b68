#include <kindling/layers/constraints.h>

#include <kindling/autograd/activations.h>

namespace kindling {

Constraint NonNeg() {
  return Constraint("NonNeg", Config::Map(), [](const Tensor& w) { return relu(w); });
}

void from_config(const Config& config, Constraint& constraint, const std::string& what) {
  static const NamedFunctions<ConstraintKind> kinds = {
      {"NonNeg", [](auto&, auto&) { return NonNeg(); }},
  };
  constraint = function_from_config(config, what, kinds);
}

}  // namespace kindling
