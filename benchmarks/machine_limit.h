// What this machine can do, measured, and how long a step would take at that: the sum of its
// matrix products at the rate of OpenBLAS's sgemm, its attention pairs at the rate of vector
// divisions, one each, forward and backward, and its memory at the rate of a copy. These are
// counted by the model's definition: a kernel that gets two quotients out of a division may beat
// the second part, and Winograd's form of the convolution, which needs half the products, the
// first. Of a table, the optimizer's part is the rows that a step looks up.
#pragma once

#include "documented_model.h"

namespace benchmark_model {

struct MachineRates {
  double flops;      // of sgemm, a second
  double divisions;  // of vectors of floats, elements a second
  double bytes;      // read and written by a copy larger than the caches, a second
};
MachineRates measure_machine();

// Seconds that what defines a training step, or a prediction, takes at these rates.
double training_limit(const Sizes& s, const MachineRates& rates);
double inference_limit(const Sizes& s, const MachineRates& rates);

}  // namespace benchmark_model
