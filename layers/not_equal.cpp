#include <kindling/layers/not_equal.h>

#include <kindling/autograd/elementwise.h>

namespace kindling {

Tensors NotEqualImpl::call(const Tensors& inputs, const Call&) {
  return {not_equal(inputs[0], options_.value)};
}

SymbolicTensor not_equal(const SymbolicTensor& x, double value) {
  return NotEqual({.value = value})(x);
}

}  // namespace kindling
