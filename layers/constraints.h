// What a weight is brought to after each step of an optimizer. Source: keras.constraints.
//
//   Dense({.units = 10, .kernel_constraint = NonNeg()})
#pragma once

#include <kindling/layers/named_function.h>
#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

// A weight -> the same in the shape it may have.
struct ConstraintKind {
  static constexpr const char* what = "constraint";
  using Signature = Tensor(const Tensor&);
};
using Constraint = NamedFunction<ConstraintKind>;
void from_config(const Config& config, Constraint& constraint, const std::string& what);

// The norms are those along these axes; for a kernel (in, out), 0 is every unit's.
struct MaxNormOptions {
  double max_value = 2;
  Axes axis = 0;
};
struct UnitNormOptions {
  Axes axis = 0;
};
struct MinMaxNormOptions {
  double min_value = 0;
  double max_value = 1;
  double rate = 1;  // the share of the way that a step goes
  Axes axis = 0;
};

Constraint NonNeg();  // max(w, 0)
Constraint MaxNorm(const MaxNormOptions& options = {});
Constraint UnitNorm(const UnitNormOptions& options = {});
Constraint MinMaxNorm(const MinMaxNormOptions& options = {});

}  // namespace kindling
#pragma GCC visibility pop
