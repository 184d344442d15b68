// A recurrent layer's way through time and back. Rows of the batch don't meet, so blocks of them
// go through all steps on their own, each on one thread.
#pragma once

#include <cstdint>

namespace kindling::kernels {

// x and inner hold a row of gates each: the share of the input, and of the state h before.
//   lstm  i, f, o = sigmoid(x + inner), g = tanh(x + inner), in the order i, f, g, o
//         c = f c_before + i g;  h = o tanh(c)
//   gru   z, r = sigmoid(x + inner), n = tanh(x + r inner), in the order z, r, n
//         h = z h_before + (1 - z) n
enum class Cell { lstm, gru };

struct RecurrentShape {
  Cell cell;
  std::int64_t batch, steps, units;

  std::int64_t width() const { return (cell == Cell::lstm ? 4 : 3) * units; }  // of x, of inner
  std::int64_t kept() const { return 4 * units; }  // numbers a step that the way back needs
};

struct RecurrentInputs {
  const float* x;       // (batch, steps, width)
  const float* kernel;  // (units, width): inner = h_before kernel + bias
  const float* bias;    // (width,) or null
  const float* h;       // (batch, units), before the first step
  const float* c;       // the same, of an lstm
  const bool* mask;     // (batch, steps) or null; where false, the state stays as it was
};

struct RecurrentResults {
  float* h;     // (batch, steps, units)
  float* c;     // the same, of an lstm
  float* kept;  // (batch, steps, kept)
};
void recurrent(const RecurrentShape& s, const RecurrentInputs& in, const RecurrentResults& out);

struct RecurrentGradients {
  const float* dy;  // (batch, steps, units), for the h of each step; may be null
  float* dh;        // (batch, units): for the h after the last step, then before the first
  float* dc;        // the same, of an lstm
  float* dx;        // (batch, steps, width)
  float* dinner;    // the same; an lstm's is dx
};
void recurrent_gradient(const RecurrentShape& s, const RecurrentInputs& in,
                        const RecurrentResults& out, const RecurrentGradients& g);

}  // namespace kindling::kernels
