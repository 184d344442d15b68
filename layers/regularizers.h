// What a weight or an activity adds to the loss. Source: keras.regularizers.
//
//   Dense({.units = 10, .kernel_regularizer = L2({.l2 = 1e-4})})
#pragma once

#include <kindling/layers/named_function.h>
#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

// Any shape -> ().
struct RegularizerKind {
  static constexpr const char* what = "regularizer";
  using Signature = Tensor(const Tensor&);
};
using Regularizer = NamedFunction<RegularizerKind>;
void from_config(const Config& config, Regularizer& regularizer, const std::string& what);

struct L1Options {
  double l1 = 0.01;
};
struct L2Options {
  double l2 = 0.01;
};
struct L1L2Options {
  double l1 = 0;
  double l2 = 0;
};
enum class OrthogonalMode { rows, columns };
struct OrthogonalRegularizerOptions {
  double factor = 0.01;
  OrthogonalMode mode = OrthogonalMode::rows;
};

Regularizer L1(const L1Options& options = {});      // l1 * sum(|x|)
Regularizer L2(const L2Options& options = {});      // l2 * sum(x^2)
Regularizer L1L2(const L1L2Options& options = {});  // both
// factor * the mean of |cosine| over the pairs of a matrix's rows, or columns.
Regularizer OrthogonalRegularizer(const OrthogonalRegularizerOptions& options = {});

}  // namespace kindling
#pragma GCC visibility pop
