// What an activity regularizer adds to the loss. For source files.
#pragma once

#include <cstdint>
#include <optional>

#include <kindling/layers/regularizers.h>

namespace kindling {

// Its value divided by the batch, the activity's first size.
Tensor activity_loss(const Regularizer& regularizer, const Tensor& activity);

// While one lives, layers called on this thread get the examples of a batch of this size with other
// axes folded into theirs: that is what activity_loss divides by. The outermost one counts.
class FoldedBatch {
 public:
  explicit FoldedBatch(std::int64_t batch);
  ~FoldedBatch();
  FoldedBatch(const FoldedBatch&) = delete;
  FoldedBatch& operator=(const FoldedBatch&) = delete;

 private:
  std::optional<std::int64_t> before_;
};

}  // namespace kindling
