#include <kindling/tensor/kernels/winograd.h>

#include <algorithm>

#include <kindling/tensor/kernels/gemm.h>
#include <kindling/tensor/kernels/parts.h>
#include <kindling/tensor/kernels/ranges.h>
#include <kindling/tensor/kernels/scratch.h>
#include <kindling/tensor/kernels/steps.h>
#include <kindling/tensor/kernels/winograd_maps.h>
#include <kindling/tensor/threads.h>

// The idea. Two polynomials of degrees that sum up to 5 are multiplied by their values at six
// points: six multiplications, where their coefficients need more, 12 for 4 and 3 of them. The
// same holds for the transpose of this, which is a convolution: from six steps of input, a kernel
// of 4 taps makes 3 of output. Here what is multiplied are matrices: a tile's six steps, all
// channels of each, are mapped to points by fixed sums, so is the kernel, and at each point all
// tiles of a block, (tiles, channels), times the kernel there, (channels, filters), is one matrix
// product. Three sums then give a tile's output. (Winograd 1980; Lavin and Gray,
// https://arxiv.org/abs/1509.09308.)
//
// The maps are linear, so the gradients are their transposes: dy is mapped to points by the
// outputs' map transposed, times the input there, and by the kernel's map transposed to its taps.

namespace kindling::kernels {
namespace {

using std::int64_t;

constexpr int64_t points = 6;

// The tiles of sequences: each reads six steps of x and makes `outputs` of y, as far as there are.
struct Tiles {
  Conv1DGeometry g;
  int64_t outputs, in_sequence;

  explicit Tiles(const Conv1DGeometry& geometry)
      : g(geometry), outputs(points + 1 - g.taps), in_sequence(quotient_up(g.out_steps, outputs)) {}

  int64_t count() const { return g.batch * in_sequence; }
  // Tiles a block: what its products read and write stays in the second cache, as far as there are
  // rows enough for OpenBLAS's packing of the kernel to be worth it.
  int64_t block() const {
    constexpr double least_work = 1 << 22;  // multiply-adds that are worth another thread
    const int64_t floats = points * (g.channels + g.filters);
    const double work = static_cast<double>(points * count() * g.filters) *
                        static_cast<double>(g.channels / g.groups);
    const int64_t most = std::clamp<int64_t>((1 << 17) / floats, 96, 256);
    return even_block(count(), most, work < 2 * least_work);
  }
  // The row of y, a step of a sequence, with which a tile begins.
  int64_t row(int64_t tile) const {
    return tile / in_sequence * g.out_steps + tile % in_sequence * outputs;
  }
};

// `count` steps of a sequence (steps, width) from `first` on, side by side: where they lie, or,
// where some are outside and count as zero, copied to `copy`.
const float* steps_from(const float* sequence, int64_t steps, int64_t width, int64_t first,
                        int64_t count, float* copy) {
  if (first >= 0 && first + count <= steps) return sequence + first * width;
  copy_steps(sequence, steps, width, width, first, count, copy);
  return copy;
}

// A block of tiles at the six points: a matrix (tiles, width) for each.
class AtPoints {
 public:
  AtPoints(int64_t tiles, int64_t width)
      : tiles_(tiles), width_(width), values_(points * tiles * width, "conv1d"),
        edge_(points * width, "conv1d") {}

  float* matrix(int64_t point) const { return values_.data() + point * step(); }

  // Of the input of tiles [begin, end).
  void map_input(const Tiles& t, const WinogradMaps& maps, const float* x, int64_t begin,
                 int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* const sequence = x + i / t.in_sequence * t.g.steps * width_;
      const int64_t first = i % t.in_sequence * t.outputs - t.g.pad_left;
      maps.input(steps_from(sequence, t.g.steps, width_, first, points, edge_.data()), width_,
                 row(i - begin), step(), width_);
    }
  }
  // Of the gradients of their outputs.
  void map_output_gradient(const Tiles& t, const WinogradMaps& maps, const float* dy, int64_t begin,
                           int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* const sequence = dy + i / t.in_sequence * t.g.out_steps * width_;
      const int64_t first = i % t.in_sequence * t.outputs;
      maps.output_gradient(
          steps_from(sequence, t.g.out_steps, width_, first, t.outputs, edge_.data()), width_,
          row(i - begin), step(), width_);
    }
  }
  // Writes their outputs, from the values at the points.
  void map_output(const Tiles& t, const WinogradMaps& maps, int64_t begin, int64_t end,
                  float* y) const {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t there = t.g.out_steps - i % t.in_sequence * t.outputs;
      float* const to = y + t.row(i) * width_;
      float* const whole = there < t.outputs ? edge_.data() : to;
      maps.output(row(i - begin), step(), whole, width_, width_);
      if (there < t.outputs) std::copy_n(whole, there * width_, to);
    }
  }

 private:
  int64_t step() const { return tiles_ * width_; }
  float* row(int64_t tile) const { return values_.data() + tile * width_; }

  int64_t tiles_, width_;
  Scratch values_, edge_;
};

// The kernel at the points: a matrix as large as one of its taps for each, (channels of a group,
// filters). For the gradient of the input its taps are read from the last to the first.
class KernelAtPoints {
 public:
  KernelAtPoints(int64_t taps, int64_t size, const WinogradMaps& maps, const float* kernel,
                 bool backward)
      : size_(size), values_(points * size, "conv1d") {
    const float* const first = backward ? kernel + (taps - 1) * size : kernel;
    for_blocks(size, [&](int64_t begin, int64_t end) {
      maps.kernel(first + begin, backward ? -size : size, values_.data() + begin, size,
                  end - begin);
    });
  }
  const float* matrix(int64_t point) const { return values_.data() + point * size_; }

 private:
  int64_t size_;
  Scratch values_;
};

// y = the convolution of x; with `backward`, of x = dy with the kernel of the other way.
void convolve(const Conv1DGeometry& g, const float* x, const float* kernel, bool backward,
              const float* bias, PointwiseKernel* activation, float* y) {
  const Tiles tiles(g);
  const WinogradMaps maps = winograd_maps(g.taps);
  const int64_t channels = g.channels / g.groups, filters = g.filters / g.groups;
  const KernelAtPoints kernels(g.taps, channels * g.filters, maps, kernel, backward);
  parallel_ranges(tiles.count(), tiles.block(), [&](int64_t begin, int64_t end) {
    AtPoints in(end - begin, g.channels), out(end - begin, g.filters);
    in.map_input(tiles, maps, x, begin, end);
    for (int64_t p = 0; p < points; ++p) {
      for (int64_t group = 0; group < g.groups; ++group) {
        const Matrix one = backward ? Matrix{kernels.matrix(p) + group * channels, g.channels, true}
                                    : Matrix{kernels.matrix(p) + group * filters, g.filters};
        gemm_serial(end - begin, filters, channels, {in.matrix(p) + group * channels, g.channels},
                    one, 0, out.matrix(p) + group * filters, g.filters);
      }
    }
    out.map_output(tiles, maps, begin, end, y);
    const int64_t first = tiles.row(begin), last = tiles.row(end);
    finish_rows(bias, activation, last - first, g.filters, y + first * g.filters);
  });
}

}  // namespace

// The maps cost as much as what they save for a few channels, and so does the kernel's for a few
// tiles; a last tile that is mostly outside of a short sequence saves nothing. With 2 taps little
// is saved, and lost with many channels. (For sequences of 64 steps and 32 to 256 channels and
// filters, 1.35 to 1.8 times as fast.) A kernel beyond two million weights a tap would take much
// memory at the points. And a causal convolution's output must not depend on later steps, not even
// by a rounding error.
bool winograd_wins(const Conv1DGeometry& g) {
  constexpr int64_t least_width = 32, least_tiles = 64, most_weights = int64_t{1} << 21;
  if (g.stride != 1 || g.dilation != 1 || g.taps < 3 || g.taps > 5) return false;
  if (std::min(g.channels, g.filters) < least_width * g.groups) return false;
  if (g.channels / g.groups * g.filters > most_weights) return false;
  if (g.pad_left >= g.taps - 1) return false;
  const int64_t steps = std::min(g.steps, g.out_steps);
  const int64_t tiles = quotient_up(steps, points + 1 - g.taps);
  return g.batch * tiles >= least_tiles && 4 * g.taps * steps >= 5 * points * tiles;
}

void winograd_conv1d(const Conv1DGeometry& g, const float* x, const float* kernel,
                     const float* bias, PointwiseKernel* activation, float* y) {
  convolve(g, x, kernel, false, bias, activation, y);
}

void winograd_input_gradient(const Conv1DGeometry& g, const float* dy, const float* kernel,
                             float* dx) {
  Conv1DGeometry back = g;
  back.steps = g.out_steps;
  back.out_steps = g.steps;
  back.channels = g.filters;
  back.filters = g.channels;
  back.pad_left = g.taps - 1 - g.pad_left;
  convolve(back, dy, kernel, true, nullptr, nullptr, dx);
}

// What is summed up over tiles is the gradient at the points, from which the taps' follows.
void winograd_kernel_gradient(const Conv1DGeometry& g, const float* x, const float* dy,
                              float* dkernel) {
  const Tiles tiles(g);
  const WinogradMaps maps = winograd_maps(g.taps);
  const int64_t channels = g.channels / g.groups, filters = g.filters / g.groups;
  const int64_t size = channels * g.filters, all_taps = g.taps * size;
  const int64_t rows = tiles.block(), blocks = quotient_up(tiles.count(), rows);
  sum_in_parts("conv1d", blocks, all_taps, dkernel, [&](int64_t first, int64_t last, float* to) {
    AtPoints in(rows, g.channels), out(rows, g.filters);
    const Scratch kernel(points * size, "conv1d");
    for (int64_t i = first; i < last; ++i) {
      const int64_t begin = i * rows, end = std::min(begin + rows, tiles.count());
      in.map_input(tiles, maps, x, begin, end);
      out.map_output_gradient(tiles, maps, dy, begin, end);
      for (int64_t p = 0; p < points; ++p) {
        for (int64_t group = 0; group < g.groups; ++group) {
          gemm_serial(channels, filters, end - begin,
                      {in.matrix(p) + group * channels, g.channels, true},
                      {out.matrix(p) + group * filters, g.filters}, i == first ? 0.0f : 1.0f,
                      kernel.data() + p * size + group * filters, g.filters);
        }
      }
    }
    maps.kernel_gradient(kernel.data(), size, to, size, size);
  });
}

}  // namespace kindling::kernels
