#include <kindling/data/dataset.h>

#include <algorithm>
#include <numeric>

#include <kindling/tensor/copy_elements.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/random.h>

namespace kindling {
namespace {

// Rows of x, of any dtype.
Tensor rows_of(const Tensor& x, const std::vector<std::int64_t>& rows) {
  Tensor y = Tensor::empty(x.shape().with(0, static_cast<std::int64_t>(rows.size())), x.dtype());
  const std::int64_t width = x.shape().inner(0);
  detail::copy_elements(x, y, [&](const auto* from, auto* to) {
    for (const std::int64_t row : rows) to = std::copy_n(from + row * width, width, to);
  });
  return y;
}

class TensorRows : public DatasetImpl {
 public:
  TensorRows(const Tensors& inputs, const Tensor& target, const BatchOptions& options)
      : inputs_(inputs), target_(target), options_(options) {
    if (inputs.empty()) fail("from_tensors: at least one input is needed");
    if (options.batch_size < 1) {
      fail("from_tensors: batch_size is at least 1, got {}", options.batch_size);
    }
    Tensors all = inputs;
    if (target.defined()) all.push_back(target);
    for (const Tensor& x : all) {
      if (!x.defined()) fail("from_tensors: an input is an undefined tensor");
      if (x.rank() < 1 || x.size(0) != inputs[0].size(0)) {
        fail("from_tensors: all tensors need as many rows as the first, got {} and {}",
             inputs[0].shape().str(), x.shape().str());
      }
    }
  }

  std::int64_t size() const override { return inputs_[0].size(0); }

  BatchPlan plan(std::int64_t epoch) const override {
    if (options_.shuffle) {
      Generator generator(options_.seed, static_cast<std::uint64_t>(epoch) << 40);
      return chop(permutation(size(), generator), options_.batch_size);
    }
    std::vector<std::int64_t> order(static_cast<std::size_t>(size()));
    std::iota(order.begin(), order.end(), 0);
    return chop(order, options_.batch_size);
  }

  Batch batch(const std::vector<std::int64_t>& rows) const override {
    Batch batch;
    for (const Tensor& input : inputs_) batch.inputs.push_back(rows_of(input, rows));
    if (target_.defined()) batch.target = rows_of(target_, rows);
    return batch;
  }

 private:
  Tensors inputs_;
  Tensor target_;
  BatchOptions options_;
};

}  // namespace

Batch Dataset::batch(const std::vector<std::int64_t>& rows) const {
  for (const std::int64_t row : rows) {
    if (row < 0 || row >= size()) fail("Dataset: row {} is outside [0, {})", row, size());
  }
  return impl_->batch(rows);
}

BatchPlan chop(const std::vector<std::int64_t>& order, std::int64_t batch_size) {
  BatchPlan plan;
  const auto step = static_cast<std::ptrdiff_t>(batch_size);
  for (auto at = order.begin(); at != order.end();) {
    const auto next = at + std::min(step, order.end() - at);
    plan.emplace_back(at, next);
    at = next;
  }
  return plan;
}

Dataset from_tensors(const Tensors& inputs, const Tensor& target, const BatchOptions& options) {
  return Dataset(std::make_shared<TensorRows>(inputs, target, options));
}

}  // namespace kindling
