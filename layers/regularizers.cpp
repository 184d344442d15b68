#include <kindling/layers/regularizers.h>

#include <cmath>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/matmul.h>
#include <kindling/autograd/reduce.h>
#include <kindling/layers/initializers.h>
#include <kindling/tensor/fail.h>

namespace kindling {

static constexpr Word<OrthogonalMode> modes[] = {{OrthogonalMode::rows, "rows"},
                                                 {OrthogonalMode::columns, "columns"}};
static Config to_config(OrthogonalMode mode) { return word_of(mode, modes); }
static void from_config(const Config& config, OrthogonalMode& mode, const std::string& what) {
  read_word(config, mode, what, modes);
}

static void fields_of(Fields& f, L1Options& o) { f("l1", o.l1); }
static void fields_of(Fields& f, L2Options& o) { f("l2", o.l2); }
static void fields_of(Fields& f, L1L2Options& o) {
  f("l1", o.l1);
  f("l2", o.l2);
}
static void fields_of(Fields& f, OrthogonalRegularizerOptions& o) {
  f("factor", o.factor);
  f("mode", o.mode);
}

static void check_factor(const char* who, const char* option, double factor) {
  if (!(factor >= 0 && std::isfinite(factor))) {
    fail("{}: {} is at least 0 and finite, got {}", who, option, factor);
  }
}

Regularizer L1(const L1Options& options) {
  check_factor("L1", "l1", options.l1);
  return Regularizer("L1", config_of(options),
                     [l1 = options.l1](const Tensor& x) { return l1 * sum(abs(x)); });
}

Regularizer L2(const L2Options& options) {
  check_factor("L2", "l2", options.l2);
  return Regularizer("L2", config_of(options),
                     [l2 = options.l2](const Tensor& x) { return l2 * sum(square(x)); });
}

Regularizer L1L2(const L1L2Options& options) {
  check_factor("L1L2", "l1", options.l1);
  check_factor("L1L2", "l2", options.l2);
  return Regularizer("L1L2", config_of(options), [o = options](const Tensor& x) {
    return o.l1 * sum(abs(x)) + o.l2 * sum(square(x));
  });
}

Regularizer OrthogonalRegularizer(const OrthogonalRegularizerOptions& options) {
  check_factor("OrthogonalRegularizer", "factor", options.factor);
  return Regularizer("OrthogonalRegularizer", config_of(options), [o = options](const Tensor& x) {
    if (x.rank() != 2) fail("OrthogonalRegularizer: a matrix is needed, got {}", x.shape().str());
    const bool rows = o.mode == OrthogonalMode::rows;
    const Tensor unit = l2_normalize(x, rows ? 1 : 0);
    const Tensor cosines =
        matmul(unit, unit, {.transpose_a = !rows, .transpose_b = rows});
    const std::int64_t size = cosines.size(0);
    const Tensor others = 1 - Identity()(cosines.shape());
    // Each pair stands there twice.
    const auto entries = static_cast<double>(size) * static_cast<double>(size - 1);
    return (o.factor / entries) * sum(abs(cosines * others));
  });
}

void from_config(const Config& config, Regularizer& regularizer, const std::string& what) {
  static const NamedFunctions<RegularizerKind> kinds = {
      {"L1", made_from<L1Options, L1>},
      {"L1L2", made_from<L1L2Options, L1L2>},
      {"L2", made_from<L2Options, L2>},
      {"OrthogonalRegularizer", made_from<OrthogonalRegularizerOptions, OrthogonalRegularizer>},
  };
  regularizer = function_from_config(config, what, kinds);
}

}  // namespace kindling
