// Adam's step as an Update, and several at once for rows that have no gradient
// (optim/deferred_rows.h). For source files.
#pragma once

#include <cstdint>
#include <span>

#include <kindling/optim/optimizer.h>
#include <kindling/tensor/kernels/update.h>

namespace kindling {

struct AdamUpdate {
  kernels::AdamStep step;
  bool amsgrad;

  void operator()(float* w, float* const* slots, const float* g, std::int64_t n) const;
};

// Takes as many of the first updates as are Adam's alone, without a gradient, and says how many:
// bit for bit as they are one by one, but a row is read and written once.
std::size_t take_at_rest(std::span<const Update> updates, float* w, float* const* slots,
                         std::int64_t n);

}  // namespace kindling
