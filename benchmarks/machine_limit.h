// What this machine can do at best, measured, and how long a step would take at that: the sum of
// its matrix products at the rate of OpenBLAS's sgemm, its attention pairs at half a division
// each, forward and backward, and its memory at the rate of a copy.
#pragma once

#include "documented_model.h"

namespace benchmark_model {

struct MachineRates {
  double flops;      // of sgemm, a second
  double divisions;  // of vectors of floats, elements a second
  double bytes;      // read and written by a copy larger than the caches, a second
};
MachineRates measure_machine();

// Seconds that a training step, or a prediction, takes at least at these rates.
double training_limit(const Sizes& s, const MachineRates& rates);
double inference_limit(const Sizes& s, const MachineRates& rates);

}  // namespace benchmark_model
