#include <kindling/tensor/kernels/conv1d.h>

#include <algorithm>
#include <set>
#include <vector>

#include <kindling/tensor/kernels/elementwise.h>
#include <kindling/tensor/kernels/gemm.h>
#include <kindling/tensor/kernels/parts.h>
#include <kindling/tensor/kernels/ranges.h>
#include <kindling/tensor/kernels/scratch.h>
#include <kindling/tensor/kernels/steps.h>
#include <kindling/tensor/kernels/winograd.h>
#include <kindling/tensor/threads.h>

// The idea. What an output step reads, its window of (taps, channels), is a row of a matrix; a
// convolution is this matrix times the kernel, which is a matrix of as many rows already. The
// windows of a block of output steps are copied side by side into scratch memory that stays in the
// cache: that costs a few percent of the product, and leaves one product a block, without the rows
// that padding would add. (One product a tap over shifted rows needs no copy, but each goes through
// the whole result: 1.2 times as long, there and back, where this was measured.)
//
// The gradient for the input is a convolution too, of dy with the kernel transposed.
//
// With a few taps, no stride and channels enough, Winograd's form takes about half the products.

namespace kindling::kernels {
namespace {

using std::int64_t;

// Rows of a result, `targets` a sequence; row t reads the steps t * stride + offset of a source
// (batch, steps, channels) for each offset, in their order: zeros outside.
struct Windows {
  const float* source;
  int64_t batch, steps, channels;
  int64_t targets, stride;
  std::vector<int64_t> offsets;
  int64_t groups;

  int64_t rows() const { return batch * targets; }
  int64_t width() const { return channels / groups; }  // of a group's channels
  int64_t size() const { return static_cast<int64_t>(offsets.size()) * width(); }
  // Rows a block: so many that the product is worth a thread, so few that the windows are some
  // hundred kilobytes.
  int64_t block_rows() const {
    const int64_t most = std::clamp<int64_t>((1 << 18) / std::max<int64_t>(1, size()), 32, 256);
    return even_block(rows(), most);
  }

  // The source itself is the matrix of windows.
  bool is_source() const {
    return offsets.size() == 1 && offsets[0] == 0 && stride == 1 && targets == steps;
  }

  // Windows of rows [first, last) and one group, one behind the other.
  void copy(int64_t first, int64_t last, int64_t group, float* to) const {
    for (int64_t r = first; r < last; ++r) {
      const float* const sequence = source + r / targets * steps * channels + group * width();
      const int64_t t = r % targets * stride;
      std::size_t j = 0;
      while (j < offsets.size()) {
        // Steps that follow each other lie so, if there is one group.
        std::size_t end = j + 1;
        while (groups == 1 && end < offsets.size() && offsets[end] == offsets[end - 1] + 1) ++end;
        to = copy_steps(sequence, steps, channels, width(), t + offsets[j],
                        static_cast<int64_t>(end - j), to);
        j = end;
      }
    }
  }
};

// A block of windows as a matrix: a copy, or the source where this is it.
class Block {
 public:
  explicit Block(const Windows& windows)
      : windows_(windows),
        copy_(windows.is_source() ? 0 : windows.block_rows() * windows.size(), "conv1d") {}

  Matrix matrix(int64_t first, int64_t last, int64_t group) const {
    if (windows_.is_source()) {
      return {windows_.source + first * windows_.channels + group * windows_.width(),
              windows_.channels};
    }
    windows_.copy(first, last, group, copy_.data());
    return {copy_.data(), windows_.size()};
  }

 private:
  const Windows& windows_;
  Scratch copy_;
};

// The steps of x that the taps of an output step read.
Windows windows_of(const Conv1DGeometry& g, const float* x) {
  Windows w{x, g.batch, g.steps, g.channels, g.out_steps, g.stride, {}, g.groups};
  for (int64_t j = 0; j < g.taps; ++j) w.offsets.push_back(j * g.dilation - g.pad_left);
  return w;
}

bool empty(const Conv1DGeometry& g) {
  return g.batch == 0 || g.out_steps <= 0 || g.channels == 0 || g.filters == 0 || g.taps == 0;
}

// The steps of x whose place in the padded sequence leaves the same remainder by the stride are
// read by the same taps: these, and the kernel's matrix for them, transposed.
struct Phase {
  Windows windows;  // of dy, for the steps first, first + stride ...
  int64_t first;
  std::vector<int64_t> taps;

  Phase(const Conv1DGeometry& g, const float* dy, int64_t remainder)
      : windows{dy, g.batch, g.out_steps, g.filters, 0, 1, {}, g.groups},
        first(((remainder - g.pad_left) % g.stride + g.stride) % g.stride) {
    windows.targets = first < g.steps ? quotient_up(g.steps - first, g.stride) : 0;
    for (int64_t j = g.taps - 1; j >= 0; --j) {  // so that the steps of dy ascend
      if (j * g.dilation % g.stride != remainder) continue;
      taps.push_back(j);
      windows.offsets.push_back((first + g.pad_left - j * g.dilation) / g.stride);
    }
  }

  // (channels of a group, taps, filters of a group)
  void copy_kernel(const Conv1DGeometry& g, const float* kernel, int64_t group, float* to) const {
    const int64_t channels = g.channels / g.groups, filters = windows.width();
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t j : taps) {
        const float* const from = kernel + (j * channels + c) * g.filters + group * filters;
        to = std::copy_n(from, filters, to);
      }
    }
  }
};

void add_phase(const Conv1DGeometry& g, const Phase& phase, const float* kernel, float* dx) {
  const Windows& w = phase.windows;
  const int64_t channels = g.channels / g.groups;
  Scratch kernels(g.groups * channels * w.size(), "conv1d");
  for (int64_t group = 0; group < g.groups; ++group) {
    phase.copy_kernel(g, kernel, group, kernels.data() + group * channels * w.size());
  }
  parallel_ranges(w.rows(), w.block_rows(), [&](int64_t begin, int64_t end) {
    const Block block(w);
    // With a stride, the rows of a result lie apart: by way of a block of their own.
    Scratch apart(g.stride > 1 ? (end - begin) * g.channels : 0, "conv1d");
    float* const to = g.stride > 1 ? apart.data() : dx + begin * g.channels;
    for (int64_t group = 0; group < g.groups; ++group) {
      gemm_serial(end - begin, channels, w.size(), block.matrix(begin, end, group),
                  {kernels.data() + group * channels * w.size(), w.size(), true}, 0,
                  to + group * channels, g.channels);
    }
    for (int64_t r = begin; g.stride > 1 && r < end; ++r) {
      const int64_t step = r / w.targets * g.steps + phase.first + r % w.targets * g.stride;
      std::copy_n(to + (r - begin) * g.channels, g.channels, dx + step * g.channels);
    }
  });
}

}  // namespace

void conv1d(const Conv1DGeometry& g, const float* x, const float* kernel, const float* bias,
            PointwiseKernel* activation, float* y) {
  if (empty(g)) {
    std::fill_n(y, g.batch * std::max<int64_t>(0, g.out_steps) * g.filters, 0.0f);
  } else if (winograd_wins(g)) {
    return winograd_conv1d(g, x, kernel, bias, activation, y);
  }
  const Windows w = windows_of(g, x);
  const int64_t filters = g.filters / g.groups;
  parallel_ranges(w.rows(), w.block_rows(), [&](int64_t begin, int64_t end) {
    float* const to = y + begin * g.filters;
    if (!empty(g)) {
      const Block block(w);
      for (int64_t group = 0; group < g.groups; ++group) {
        gemm_serial(end - begin, filters, w.size(), block.matrix(begin, end, group),
                    {kernel + group * filters, g.filters}, 0, to + group * filters, g.filters);
      }
    }
    finish_rows(bias, activation, end - begin, g.filters, to);
  });
}

void conv1d_input_gradient(const Conv1DGeometry& g, const float* dy, const float* kernel,
                           float* dx) {
  // Steps that no tap reads stay zero.
  if (empty(g) || g.stride > 1) std::fill_n(dx, g.batch * g.steps * g.channels, 0.0f);
  if (empty(g)) return;
  if (winograd_wins(g)) return winograd_input_gradient(g, dy, kernel, dx);
  std::set<int64_t> remainders;
  for (int64_t j = 0; j < g.taps; ++j) remainders.insert(j * g.dilation % g.stride);
  for (const int64_t remainder : remainders) {
    const Phase phase(g, dy, remainder);
    if (phase.windows.targets > 0) add_phase(g, phase, kernel, dx);
  }
}

// dkernel = transpose of the windows, times dy.
void conv1d_kernel_gradient(const Conv1DGeometry& g, const float* x, const float* dy,
                            float* dkernel) {
  const int64_t size = g.taps * g.channels / g.groups * g.filters;
  if (empty(g)) {
    std::fill_n(dkernel, size, 0.0f);
    return;
  }
  if (winograd_wins(g)) return winograd_kernel_gradient(g, x, dy, dkernel);
  const Windows w = windows_of(g, x);
  const int64_t filters = g.filters / g.groups;
  const int64_t rows = w.block_rows(), blocks = quotient_up(w.rows(), rows);
  sum_in_parts("conv1d", blocks, size, dkernel, [&](int64_t first, int64_t last, float* to) {
    const Block block(w);
    for (int64_t i = first; i < last; ++i) {
      const int64_t begin = i * rows, end = std::min(begin + rows, w.rows());
      for (int64_t group = 0; group < g.groups; ++group) {
        Matrix windows = block.matrix(begin, end, group);
        windows.transposed = true;
        gemm_serial(w.size(), filters, end - begin, windows,
                    {dy + begin * g.filters + group * filters, g.filters}, i == first ? 0.0f : 1.0f,
                    to + group * filters, g.filters);
      }
    }
  });
}

}  // namespace kindling::kernels
