#include <kindling/layers/regularizers.h>

#include <kindling/autograd/elementwise.h>
#include <kindling/autograd/reduce.h>

namespace kindling {

static void fields_of(Fields& f, L1Options& o) { f("l1", o.l1); }
static void fields_of(Fields& f, L2Options& o) { f("l2", o.l2); }
static void fields_of(Fields& f, L1L2Options& o) {
  f("l1", o.l1);
  f("l2", o.l2);
}

Regularizer L1(const L1Options& options) {
  return Regularizer("L1", config_of(options),
                     [l1 = options.l1](const Tensor& x) { return l1 * sum(abs(x)); });
}

Regularizer L2(const L2Options& options) {
  return Regularizer("L2", config_of(options),
                     [l2 = options.l2](const Tensor& x) { return l2 * sum(square(x)); });
}

Regularizer L1L2(const L1L2Options& options) {
  return Regularizer("L1L2", config_of(options), [o = options](const Tensor& x) {
    return o.l1 * sum(abs(x)) + o.l2 * sum(square(x));
  });
}

void from_config(const Config& config, Regularizer& regularizer, const std::string& what) {
  static const NamedFunctions<RegularizerKind> kinds = {
      {"L1", made_from<L1Options, L1>},
      {"L1L2", made_from<L1L2Options, L1L2>},
      {"L2", made_from<L2Options, L2>},
  };
  regularizer = function_from_config(config, what, kinds);
}

}  // namespace kindling
