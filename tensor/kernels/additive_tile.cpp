#include <kindling/tensor/kernels/additive_tile.h>

#include <functional>

#include <kindling/tensor/kernels/ranges.h>
#include <kindling/tensor/kernels/targets.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kindling/tensor/kernels/additive_tile.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <kindling/tensor/kernels/additive_forms-inl.h>
#include <kindling/tensor/kernels/additive_pairs-inl.h>
#include <kindling/tensor/kernels/row_reduce-inl.h>
#include <kindling/tensor/kernels/vector_math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace kindling::kernels::HWY_NAMESPACE {
namespace {

// body(form) with the form that was chosen.
template <class Body>
void with_form(AdditiveForm form, Body body) {
  if (form == AdditiveForm::near_zero) return body(NearZero());
  if (form == AdditiveForm::moderate) return body(Moderate());
  body(Unbounded());
}

// The largest magnitude. As integers, the bits of magnitudes are in their order, a NaN's above all.
float largest(const float* x, int64_t n) {
  const Floats d;
  const hn::RebindToSigned<Floats> di;
  auto most = hn::Zero(di);
  for_vectors(d, n, [&](auto lanes, int64_t i) HWY_ATTR {
    most = hn::Max(most, hn::BitCast(di, hn::Abs(lanes.load(d, x + i))));
  });
  return hn::GetLane(hn::BitCast(d, hn::MaxOfLanes(di, most)));
}

// The cheapest form that is exact for these values. NaN takes the one that passes it on. The cheap
// ones round a score forward otherwise than back, which a large scale would make count.
AdditiveForm form_for(const float* query, int64_t queries, const float* key, int64_t keys,
                      const float* scale, int64_t depth) {
  constexpr float most_scores = 1e4f;
  const float scores = static_cast<float>(depth) * (scale != nullptr ? largest(scale, depth) : 1);
  const float q = largest(query, queries * depth), k = largest(key, keys * depth);
  const auto within = [=](float bound) {
    return q <= bound && k <= bound && scores <= most_scores;
  };
  if (within(NearZero::bound)) return AdditiveForm::near_zero;
  return within(Moderate::bound) ? AdditiveForm::moderate : AdditiveForm::unbounded;
}

// body(d, x) for each vector of a row of x, zeros behind its end; none if x is null.
template <class Body>
HWY_INLINE void for_row(const Memory& at, const float* x, Body body) {
  const int64_t end = x != nullptr ? at.depth : 0;
  for_vectors(Floats(), end, [&](auto lanes, int64_t d) HWY_ATTR {
    body(d, lanes.load(Floats(), x + d));
  });
  for (int64_t d = round_up(end, lanes()); d < at.step; d += lanes()) body(d, all(0));
}

// key (keys, depth), behind which at.keys has rows of zeros.
void prepare_keys(Memory& at, const float* key, int64_t keys) {
  with_form(at.form, [&](auto form) HWY_ATTR {
    using Form = decltype(form);
    at.tanh_factor = Form::tanh_factor;
    at.slope_factor = Form::slope_factor;
    const int64_t stretch = stretch_vectors * lanes();
    for (int64_t first = 0; first < at.step; first += stretch) {
      Vector offset = all(0);
      for (int64_t d = first; d < std::min(first + stretch, at.step); d += lanes()) {
        const Vector scale = load(at.scale + d);
        offset = hn::MulAdd(all(Form::tanh_offset), scale, offset);
        store(all(Form::tanh_factor) * scale, at.scale + d);
      }
      store(offset, at.offset + first / stretch_vectors);
    }
    for (int64_t j = 0; j < at.keys; ++j) {
      float* const row = at.key + j * at.key_step;
      for_row(at, j < keys ? key + j * at.depth : nullptr, [&](int64_t d, Vector k) HWY_ATTR {
        const Two ab = Form::prepare_key(k, load(at.scale + d));
        store(ab.first, row + d);
        store(ab.second, row + at.step + d);
        if (at.dquery != nullptr) store(all(0), row + 2 * at.step + d);
      });
    }
  });
}

void prepare_queries(const Memory& at, const float* query, int64_t queries) {
  with_form(at.form, [&](auto form) HWY_ATTR {
    for (int64_t i = 0; i < at.queries; ++i) {
      for_row(at, i < queries ? query + i * at.depth : nullptr, [&](int64_t d, Vector q) HWY_ATTR {
        store(decltype(form)::prepare_query(q), at.query + i * at.step + d);
      });
    }
  });
}

// Scores of all queries with the first `keys` keys, up to a multiple of four.
void score_tile(const Memory& at, int64_t keys, float* scores, int64_t row_step) {
  with_form(at.form, [&](auto form) HWY_ATTR {
    constexpr int64_t cached = 32;  // keys that stay in the cache while the queries pass
    for (int64_t first = 0; first < keys; first += cached) {
      const int64_t last = std::min(first + cached, keys);
      for (int64_t i = 0; i < at.queries; i += 2) {
        for (int64_t j = first; j < last; j += 4) {
          score(at, i, j, scores + i * row_step + j, row_step,
                [](Vector scale, Vector u, Vector v, Vector a, Vector b, Two& sums, int,
                   int64_t) HWY_ATTR { decltype(form)::add_values(scale, u, v, a, b, sums); });
        }
      }
    }
  });
}

// Scores become weights in their place.
SoftmaxOf soften(const float* mask, int64_t limit, int64_t keys, float* row) {
  const Floats d;
  const int64_t size = round_up(keys, lanes());  // a row has whole vectors
  const auto largest = static_cast<float>(reduce_row<Max>(size, [=](auto, int64_t j) HWY_ATTR {
    return hn::IfThenElse(seen(mask, limit, j), load(row + j), all(Max::none));
  }));
  const double sum = reduce_row<Sum>(size, [=](auto, int64_t j) HWY_ATTR {
    const auto e = vector_exp(d, load(row + j) - all(largest));
    const auto weight = hn::IfThenElseZero(seen(mask, limit, j), e);
    store(weight, row + j);
    return weight;
  });
  const auto factor = static_cast<float>(1 / sum);
  for (int64_t j = 0; j < size; j += lanes()) store(load(row + j) * all(factor), row + j);
  return {largest, factor};
}

void add_tile_gradient(const Memory& at, const Sight& sight, int64_t position, int64_t count,
                       const SoftmaxOf* softmax, const float* delta, float* dp, int64_t row_step) {
  const int64_t keys = sight.needed(position, position + count);
  with_form(at.form, [&](auto form) HWY_ATTR {
    using Gradients = PairGradients<decltype(form)>;
    const Gradients gradients{at, sight.mask(), keys};
    const auto query = [&](int64_t i) {
      if (i == count) return typename Gradients::Query{true, 0, {}, 0, nullptr};
      return typename Gradients::Query{sight.blind(position + i), sight.limit(position + i),
                                       softmax[i], delta[i], dp + i * row_step};
    };
    for (int64_t first = 0; first < keys; first += additive_kept_keys) {
      for (int64_t i = 0; i < count; i += 2) gradients(i, first, {query(i), query(i + 1)});
    }
  });
}

}  // namespace
}  // namespace kindling::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kindling::kernels {
namespace {

using std::int64_t;

HWY_EXPORT(form_for);
HWY_EXPORT(prepare_keys);
HWY_EXPORT(prepare_queries);
HWY_EXPORT(score_tile);
HWY_EXPORT(soften);
HWY_EXPORT(add_tile_gradient);

constexpr int64_t most_lanes = 16;

}  // namespace

AdditiveTileMemory::AdditiveTileMemory(int64_t row, int64_t most_queries, int64_t most_keys,
                                       bool gradients)
    : depth(row),
      // Whole vectors, and an odd number of cache lines: a loop down a column of rows that lie an
      // even number apart would meet few places of the cache.
      step((round_up(row, most_lanes) / most_lanes | 1) * most_lanes),
      key_step((gradients ? 3 : 2) * step),
      keys(round_up(most_keys, 4)),
      queries(round_up(most_queries, 2)),
      memory(step + keys * key_step +
             (1 + queries + (gradients ? 2 + queries + 2 * additive_kept_keys : 0)) * step,
             "additive_attention"),
      offset(memory.data()),
      key(offset + step),
      scale(key + keys * key_step),
      query(scale + step),
      dscale(query + queries * step) {
  std::fill_n(scale, step, 0.0f);
  if (!gradients) return;
  dscale_total = std::fill_n(dscale, step, 0.0f);
  dquery = std::fill_n(dscale_total, step, 0.0f);
  kept = dquery + queries * step;
}

Sight::Sight(int64_t keys, const bool* mask, bool causal)
    : keys_(keys), causal_(causal), mask_(round_up(keys, most_lanes), "attention") {
  float* const to = mask_.data();
  std::fill(std::fill_n(to, keys, 1.0f), to + round_up(keys, most_lanes), 0.0f);
  if (mask == nullptr) return;
  std::copy_n(mask, keys, to);
  first_ = std::find(mask, mask + keys, true) - mask;
}

AdditiveTile::AdditiveTile(int64_t depth, const float* key, const float* scale,
                           const float* query, int64_t queries, const Sight& sight,
                           bool gradients)
    : query_(query),
      sight_(sight),
      row_step_(round_up(sight.keys(), most_lanes)),
      at_(depth, std::min(queries, most_queries), sight.keys(), gradients) {
  if (scale != nullptr) {
    std::copy_n(scale, depth, at_.scale);
  } else {
    std::fill_n(at_.scale, depth, 1.0f);
  }
  at_.form = HWY_DYNAMIC_DISPATCH(form_for)(query, queries, key, sight.keys(), scale, depth);
  HWY_DYNAMIC_DISPATCH(prepare_keys)(at_, key, sight.keys());
}

void AdditiveTile::take(int64_t first, int64_t count, int64_t position) {
  count_ = count;
  position_ = position;
  at_.queries = round_up(count, 2);
  HWY_DYNAMIC_DISPATCH(prepare_queries)(at_, query_ + first * at_.depth, count);
}

void AdditiveTile::weigh(float* weights, SoftmaxOf* softmax) const {
  const int64_t keys = needed();
  HWY_DYNAMIC_DISPATCH(score_tile)(at_, keys, weights, row_step_);
  for (int64_t i = 0; i < count_; ++i) {
    float* const row = weights + i * row_step_;
    if (sight_.blind(position_ + i)) {
      softmax[i] = {0, 1 / static_cast<float>(keys)};
      std::fill_n(row, keys, softmax[i].factor);
    } else {
      const int64_t limit = sight_.limit(position_ + i);
      softmax[i] = HWY_DYNAMIC_DISPATCH(soften)(sight_.mask(), limit, keys, row);
    }
  }
}

void AdditiveTile::add_gradient(const SoftmaxOf* softmax, const float* delta, float* dp) {
  std::fill_n(at_.dquery, at_.queries * at_.step, 0.0f);
  std::fill_n(at_.dscale, at_.step, 0.0f);
  HWY_DYNAMIC_DISPATCH(add_tile_gradient)
  (at_, sight_, position_, count_, softmax, delta, dp, row_step_);
  // A sum a tile, so that many pairs don't add up in one float.
  std::transform(at_.dscale, at_.dscale + at_.step, at_.dscale_total, at_.dscale_total,
                 std::plus<>());
}

void AdditiveTile::copy_query_gradient(float* to) const {
  copy_rows(at_.dquery, count_, at_.step, to);
}

void AdditiveTile::copy_key_gradient(float* to) const {
  copy_rows(at_.key + 2 * at_.step, sight_.keys(), at_.key_step, to);
}

void AdditiveTile::copy_scale_gradient(float* to) const {
  for (int64_t d = 0; d < at_.depth; ++d) to[d] = at_.tanh_factor * at_.dscale_total[d];
}

void AdditiveTile::copy_rows(const float* from, int64_t count, int64_t apart, float* to) const {
  const float factor = at_.slope_factor / at_.tanh_factor;  // at_.scale has the latter in it
  for (int64_t i = 0; i < count; ++i, from += apart, to += at_.depth) {
    for (int64_t d = 0; d < at_.depth; ++d) to[d] = factor * at_.scale[d] * from[d];
  }
}

}  // namespace kindling::kernels
#endif
