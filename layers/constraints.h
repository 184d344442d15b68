// What a weight is brought to after each step of an optimizer. Source: keras.constraints.
//
//   Dense({.units = 10, .kernel_constraint = NonNeg()})
#pragma once

#include <kindling/layers/named_function.h>
#include <kindling/tensor/tensor.h>

namespace kindling {

// A weight -> the same in the shape it may have.
struct ConstraintKind {
  using Signature = Tensor(const Tensor&);
};
using Constraint = NamedFunction<ConstraintKind>;
void from_config(const Config& config, Constraint& constraint, const std::string& what);

Constraint NonNeg();  // max(w, 0)

}  // namespace kindling
