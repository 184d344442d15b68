// gradcheck: are the derivatives right? Compares backward with differences of the function itself.
//
//   gradcheck([](const Tensors& x) { return square(x[0]) * x[1]; }, {a, b});
#pragma once

#include <functional>
#include <vector>

#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

struct GradcheckOptions {
  double step = 0.03125;     // of the differences; their error grows with its fourth power
  double tolerance = 5e-4;   // on |difference|, times max(1, the largest gradient)
  std::uint64_t seed = 1;    // of the random weights that make one number of the results
};

// Calls f on variables made from the float32 inputs (others are passed as they are), weighs its
// results at random, runs backward, and moves every element of every float32 input up and down.
// Throws Error with the first element that disagrees:
//   gradcheck: input 1 at (0, 2): backward says 0.25, differences say 0.5
// f must be smooth within two steps of the inputs.
void gradcheck(const std::function<Tensor(const Tensors&)>& f, const Tensors& inputs,
               const GradcheckOptions& options = {});

}  // namespace kindling
#pragma GCC visibility pop
