#include <kindling/layers/activity_loss.h>

#include <kindling/autograd/elementwise.h>

namespace kindling {
namespace {

thread_local std::optional<std::int64_t> folded_batch;

}  // namespace

Tensor activity_loss(const Regularizer& regularizer, const Tensor& activity) {
  const Tensor loss = regularizer(activity);
  const std::int64_t batch =
      folded_batch.value_or(activity.rank() > 0 ? activity.size(0) : std::int64_t{1});
  return batch > 0 ? loss / static_cast<double>(batch) : zeros(loss.shape());
}

FoldedBatch::FoldedBatch(std::int64_t batch) : before_(folded_batch) {
  if (!folded_batch) folded_batch = batch;
}
FoldedBatch::~FoldedBatch() { folded_batch = before_; }

}  // namespace kindling
