#include <kindling/layers/with_mask.h>

#include <kindling/tensor/fail.h>

namespace kindling {

void WithMaskImpl::check(const Shapes& inputs) const {
  check_count(inputs, 2);
  if (!inputs[1].masks(inputs[0])) {
    fail("{}: a mask has the leading sizes of its tensor, got {} [x {}]", who(), inputs[1].str(),
         inputs[0].str());
  }
}

std::vector<DType> WithMaskImpl::compute_output_dtypes(const std::vector<DType>& inputs) const {
  if (inputs[1] != DType::boolean) {
    fail("{}: a mask is bool, got {}", who(), kindling::name(inputs[1]));
  }
  return {inputs[0]};
}

SymbolicTensor with_mask(const SymbolicTensor& x, const SymbolicTensor& mask) {
  return WithMask()({x, mask});
}

}  // namespace kindling
