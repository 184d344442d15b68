#include <kindling/tensor/instruction_sets.h>

#include <cblas.h>

#include <kindling/tensor/kernels/targets.h>

#include <hwy/highway.h>

namespace kindling {

std::string instruction_sets() {
  const std::int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
  return std::string(hwy::TargetName(targets & -targets)) + ", OpenBLAS " +
         openblas_get_corename();
}

}  // namespace kindling
