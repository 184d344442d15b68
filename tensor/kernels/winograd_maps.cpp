#include <kindling/tensor/kernels/winograd_maps.h>

#include <cstddef>
#include <utility>

#include <kindling/tensor/kernels/targets.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kindling/tensor/kernels/winograd_maps.cpp"
#include <hwy/foreach_target.h>  // compiles this file once more for each instruction set

#include <hwy/highway.h>

#include <kindling/tensor/kernels/vector_loop-inl.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

// Six points: these and infinity, where a polynomial's value is its highest coefficient. With 2 and
// -2, or 1/2 and -1/2, in the place of the last two, errors were 1.3 times as large. (How much the
// choice of points matters: Barabasz and others, https://arxiv.org/abs/1803.10986.)
constexpr double finite_points[5] = {0, 1, -1, 2, -0.5};
constexpr int infinity = 5;

// The product of (x - q) over the finite points q but one (or none): its coefficient of x^power.
constexpr double coefficient(int without, int power) {
  double c[7] = {1};
  for (int i = 0; i < 5; ++i) {
    if (i == without) continue;
    for (int k = 6; k > 0; --k) c[k] = c[k - 1] - finite_points[i] * c[k];
    c[0] *= -finite_points[i];
  }
  return c[power];
}

// The value of x^power at a point, among polynomials of `terms` terms.
constexpr double value_at(int point, int power, int terms) {
  if (point == infinity) return power == terms - 1 ? 1 : 0;
  double value = 1;
  for (int i = 0; i < power; ++i) value *= finite_points[point];
  return value;
}

// Six steps of input -> points.
struct InputMap {
  static constexpr int rows = 6, columns = 6;
  static constexpr double at(int point, int step) {
    return coefficient(point == infinity ? -1 : point, step);
  }
};
// A kernel's taps -> points; divided by what Lagrange's interpolation divides by.
template <int taps>
struct KernelMap {
  static constexpr int rows = 6, columns = taps;
  static constexpr double at(int point, int tap) {
    double divisor = 1;
    for (int q = 0; q < 5 && point != infinity; ++q) {
      if (q != point) divisor *= finite_points[point] - finite_points[q];
    }
    return value_at(point, tap, taps) / divisor;
  }
};
// Points -> steps of output, of which six of input give 7 - taps.
template <int taps>
struct OutputMap {
  static constexpr int rows = 7 - taps, columns = 6;
  static constexpr double at(int step, int point) { return value_at(point, step, rows); }
};
template <class Map>
struct Transposed {
  static constexpr int rows = Map::columns, columns = Map::rows;
  static constexpr double at(int row, int column) { return Map::at(column, row); }
};

// sum + factor * x, where nothing is to be done for a factor of 0, and no multiplication for 1.
template <class Map, int row, int column, class V>
HWY_INLINE void add_term(V& sum, bool& begun, V x) {
  constexpr double factor = Map::at(row, column);
  const Floats d;
  if constexpr (factor != 0) {
    if (!begun) {
      sum = factor == 1 ? x : hn::Mul(x, hn::Set(d, static_cast<float>(factor)));
    } else if constexpr (factor == 1) {
      sum = hn::Add(sum, x);
    } else if constexpr (factor == -1) {
      sum = hn::Sub(sum, x);
    } else {
      sum = hn::MulAdd(x, hn::Set(d, static_cast<float>(factor)), sum);
    }
    begun = true;
  }
}

template <class Map, int row, class V, std::size_t... column>
HWY_INLINE V map_row(const V* x, std::index_sequence<column...>) {
  V sum = hn::Zero(Floats());
  bool begun = false;
  (add_term<Map, row, static_cast<int>(column)>(sum, begun, x[column]), ...);
  return sum;
}

template <class Map, class Lanes, class V, std::size_t... row>
HWY_INLINE void store_rows(Lanes lanes, const V* x, float* out, std::int64_t out_step,
                           std::index_sequence<row...>) {
  (lanes.store(map_row<Map, static_cast<int>(row)>(x, std::make_index_sequence<Map::columns>()),
               Floats(), out + static_cast<std::int64_t>(row) * out_step),
   ...);
}

// Rows of n floats: out[i] = the sum over j of Map::at(i, j) * in[j].
template <class Map>
void map_rows(const float* in, std::int64_t in_step, float* out, std::int64_t out_step,
              std::int64_t n) {
  const Floats d;
  for_vectors(d, n, [=](auto lanes, std::int64_t i) HWY_ATTR {
    hn::Vec<Floats> x[Map::columns];
    for (int j = 0; j < Map::columns; ++j) x[j] = lanes.load(d, in + j * in_step + i);
    store_rows<Map>(lanes, x, out + i, out_step, std::make_index_sequence<Map::rows>());
  });
}

template <int taps>
WinogradMaps maps() {
  return {map_rows<InputMap>, map_rows<KernelMap<taps>>, map_rows<OutputMap<taps>>,
          map_rows<Transposed<OutputMap<taps>>>, map_rows<Transposed<KernelMap<taps>>>};
}

WinogradMaps maps_for(std::int64_t taps) {
  switch (taps) {
    case 3: return maps<3>();
    case 4: return maps<4>();
    default: return maps<5>();
  }
}

}  // namespace
}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kindling::kernels {

HWY_EXPORT(maps_for);

WinogradMaps winograd_maps(std::int64_t taps) { return HWY_DYNAMIC_DISPATCH(maps_for)(taps); }

}  // namespace kindling::kernels
#endif
