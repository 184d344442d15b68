#include <kindling/tensor/kernels/conv1d.h>

#include <algorithm>
#include <optional>

#include <kindling/tensor/kernels/gemm.h>
#include <kindling/tensor/kernels/scratch.h>
#include <kindling/tensor/threads.h>

// The idea. All padded sequences behind each other are one long matrix, read in rows of `stride`
// steps. Output step t of a sequence reads, for tap j, the step t * stride + j * dilation, so
// the long output is
//
//   y_long[r] = sum over j of x_long[r * stride + j * dilation] * kernel[j]
//
// which is one matrix product a tap over many rows at once: the rows' distance in memory is
// stride * channels, whatever they overlap. Some rows of y_long belong to no output step, since
// a padded sequence has more steps than outputs: they are dropped. They are zero in dy_long, so
// that the gradients are matrix products too.
//
// Matrices are cut into blocks of rows; each block copies the rows it needs into scratch memory
// that stays in the cache.

namespace kindling::kernels {
namespace {

using std::int64_t;

int64_t quotient_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// `batch` sequences of `steps` rows of `width` floats, each laid into `period` rows of a long
// matrix, from row `offset` of these on.
struct Sequences {
  int64_t batch, period, offset, steps, width;

  // Calls body(row, sequence row, count) for each run of rows of sequences in the rows
  // [first, first + rows) of the long matrix; `row` counts from `first`.
  template <class Body>
  void for_each_run(int64_t first, int64_t rows, Body body) const {
    for (int64_t b = std::max<int64_t>(0, first / period); b < batch; ++b) {
      const int64_t start = b * period + offset;
      if (start >= first + rows) break;
      const int64_t begin = std::max(start, first);
      const int64_t end = std::min(start + steps, first + rows);
      if (begin < end) body(begin - first, b * steps + begin - start, end - begin);
    }
  }

  // Rows [first, first + rows) of the long matrix; zero where there is no sequence.
  void gather(const float* data, int64_t first, int64_t rows, float* out) const {
    int64_t done = 0;
    for_each_run(first, rows, [&](int64_t row, int64_t from, int64_t count) {
      std::fill(out + done * width, out + row * width, 0.0f);
      std::copy_n(data + from * width, count * width, out + row * width);
      done = row + count;
    });
    std::fill(out + done * width, out + rows * width, 0.0f);
  }

  bool contiguous() const { return offset == 0 && period == steps; }
};

// How the sequences lie, and the matrix products of one tap.
struct Plan {
  const Conv1DGeometry& g;
  int64_t channels = g.channels / g.groups;  // of one group
  int64_t filters = g.filters / g.groups;
  int64_t reach = (g.taps - 1) * g.dilation;  // from the first step an output reads to its last
  // Rows of `stride` steps a sequence. They hold its steps and all that its outputs read, but
  // for zeros behind its end: those are the next sequence's padding in front.
  int64_t rows = quotient_up(
      std::max({g.pad_left + g.steps, (g.out_steps - 1) * g.stride + 1,
                (g.out_steps - 1) * g.stride + 1 + reach - g.pad_left}),
      g.stride);
  int64_t used_rows = (g.batch - 1) * rows + g.out_steps;
  Sequences x{g.batch, rows * g.stride, g.pad_left, g.steps, g.channels};
  Sequences y{g.batch, rows, 0, g.out_steps, g.filters};

  // Rows a block: enough for the matrix product, and for a thread.
  int64_t block() const {
    constexpr int64_t least_work = 1 << 18;
    return std::max<int64_t>(256, least_work / (g.taps * channels * g.filters));
  }

  // Steps of x that `count` rows of outputs read.
  int64_t steps_read(int64_t count) const { return (count - 1) * g.stride + 1 + reach; }

  template <class Body>
  void for_each_tap_and_group(Body body) const {
    for (int64_t tap = 0; tap < g.taps; ++tap) {
      for (int64_t group = 0; group < g.groups; ++group) body(tap, group);
    }
  }

  // The first element of a tap's (channels, filters) matrix of a group; its rows are g.filters
  // apart.
  int64_t kernel_at(int64_t tap, int64_t group) const {
    return tap * channels * g.filters + group * filters;
  }
};

bool empty(const Conv1DGeometry& g) {
  return g.batch == 0 || g.out_steps <= 0 || g.channels == 0 || g.filters == 0 || g.taps == 0;
}

// All rows of a long matrix at once: the data itself where it needs no padding.
class LongMatrix {
 public:
  LongMatrix(const Sequences& sequences, const float* data, int64_t rows) : data_(data) {
    if (sequences.contiguous()) return;
    float* out = copy_.emplace(rows * sequences.width).data();
    parallel_ranges(rows, 4096, [&](int64_t begin, int64_t end) {
      sequences.gather(data, begin, end - begin, out + begin * sequences.width);
    });
    data_ = out;
  }

  const float* data() const { return data_; }

 private:
  std::optional<Scratch> copy_;
  const float* data_;
};

void copy_with_bias(const float* from, const float* bias, int64_t rows, int64_t width,
                    float* to) {
  if (bias == nullptr) {
    std::copy_n(from, rows * width, to);
    return;
  }
  for (int64_t r = 0; r < rows; ++r) {
    std::transform(from + r * width, from + (r + 1) * width, bias, to + r * width,
                   [](float x, float b) { return x + b; });
  }
}

}  // namespace

void conv1d(const Conv1DGeometry& g, const float* x, const float* kernel, const float* bias,
            float* y) {
  if (empty(g)) {
    // Nothing is read: the sum is zero.
    for (int64_t r = 0; r < g.batch * g.out_steps; ++r) {
      for (int64_t f = 0; f < g.filters; ++f) y[r * g.filters + f] = bias ? bias[f] : 0.0f;
    }
    return;
  }
  const Plan plan{g};
  parallel_ranges(plan.used_rows, plan.block(), [&](int64_t begin, int64_t end) {
    const int64_t rows = end - begin;
    const int64_t steps = plan.steps_read(rows);
    Scratch x_block(steps * g.channels), y_block(rows * g.filters);
    plan.x.gather(x, begin * g.stride, steps, x_block.data());
    plan.for_each_tap_and_group([&](int64_t tap, int64_t group) {
      gemm_serial(rows, plan.filters, plan.channels,
                  {x_block.data() + tap * g.dilation * g.channels + group * plan.channels,
                   g.stride * g.channels},
                  {kernel + plan.kernel_at(tap, group), g.filters}, tap == 0 ? 0.0f : 1.0f,
                  y_block.data() + group * plan.filters, g.filters);
    });
    plan.y.for_each_run(begin, rows, [&](int64_t row, int64_t to, int64_t count) {
      copy_with_bias(y_block.data() + row * g.filters, bias, count, g.filters,
                     y + to * g.filters);
    });
  });
}

// Step q * stride + phase of x_long is read by tap j where phase = j * dilation modulo stride, for
// output q - (j * dilation) / stride:
//   dx_long[q * stride + phase] = sum over such j of
//       dy_long[q - (j * dilation) / stride] * transpose of kernel[j]
void conv1d_input_gradient(const Conv1DGeometry& g, const float* dy, const float* kernel,
                           float* dx) {
  if (empty(g)) {
    std::fill_n(dx, g.batch * g.steps * g.channels, 0.0f);
    return;
  }
  const Plan plan{g};
  const int64_t before = plan.reach / g.stride;  // rows of dy that a row of dx looks back
  const int64_t width = g.stride * g.channels;
  parallel_ranges(g.batch * plan.rows, plan.block(), [&](int64_t begin, int64_t end) {
    const int64_t rows = end - begin;
    Scratch dy_block((before + rows) * g.filters), dx_block(rows * width);
    plan.y.gather(dy, begin - before, before + rows, dy_block.data());
    // Phases that no tap reads stay zero.
    std::fill_n(dx_block.data(), rows * width, 0.0f);
    plan.for_each_tap_and_group([&](int64_t tap, int64_t group) {
      const int64_t back = tap * g.dilation / g.stride;
      const int64_t phase = tap * g.dilation % g.stride;
      gemm_serial(rows, plan.channels, plan.filters,
                  {dy_block.data() + (before - back) * g.filters + group * plan.filters,
                   g.filters},
                  {kernel + plan.kernel_at(tap, group), g.filters, true}, 1.0f,
                  dx_block.data() + phase * g.channels + group * plan.channels, width);
    });
    plan.x.for_each_run(
        begin * g.stride, rows * g.stride, [&](int64_t step, int64_t to, int64_t count) {
          std::copy_n(dx_block.data() + step * g.channels, count * g.channels,
                      dx + to * g.channels);
        });
  });
}

// dkernel[j] = sum over r of transpose of x_long[r * stride + j * dilation] * dy_long[r]
void conv1d_kernel_gradient(const Conv1DGeometry& g, const float* x, const float* dy,
                            float* dkernel) {
  if (empty(g)) {
    std::fill_n(dkernel, g.taps * g.channels / g.groups * g.filters, 0.0f);
    return;
  }
  const Plan plan{g};
  const LongMatrix x_long(plan.x, x, plan.steps_read(plan.used_rows));
  const LongMatrix dy_long(plan.y, dy, plan.used_rows);
  // Blocks of the result: a tap, a group and some of its channels. The sum over rows isn't cut.
  constexpr int64_t most_channels = 64;
  const int64_t cuts = quotient_up(plan.channels, most_channels);
  parallel_for(g.taps * g.groups * cuts, [&](int64_t i) {
    const int64_t channel = i % cuts * most_channels;
    const int64_t group = i / cuts % g.groups;
    const int64_t tap = i / cuts / g.groups;
    gemm_serial(std::min(most_channels, plan.channels - channel), plan.filters, plan.used_rows,
                {x_long.data() + tap * g.dilation * g.channels + group * plan.channels + channel,
                 g.stride * g.channels, true},
                {dy_long.data() + group * plan.filters, g.filters}, 0.0f,
                dkernel + plan.kernel_at(tap, group) + channel * g.filters, g.filters);
  });
}

}  // namespace kindling::kernels
