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

class TensorRows : public IndexedDatasetImpl {
 public:
  TensorRows(const Tensors& inputs, const Tensors& targets, const Tensors& sample_weights,
             const BatchOptions& options)
      : all_{inputs, targets, sample_weights}, options_(options) {
    if (inputs.empty()) fail("from_tensors: at least one input is needed");
    if (options.batch_size < 1) {
      fail("from_tensors: batch_size is at least 1, got {}", options.batch_size);
    }
    for (const Tensors* tensors : {&inputs, &targets, &sample_weights}) {
      for (const Tensor& x : *tensors) {
        if (!x.defined()) fail("from_tensors: an input is an undefined tensor");
        if (x.rank() < 1 || x.size(0) != inputs[0].size(0)) {
          fail("from_tensors: all tensors need as many rows as the first, got {} and {}",
               inputs[0].shape().str(), x.shape().str());
        }
      }
    }
  }

  std::int64_t size() const override { return all_.inputs[0].size(0); }

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
    const auto chosen = [&](const Tensors& all) {
      Tensors some;
      for (const Tensor& x : all) some.push_back(rows_of(x, rows));
      return some;
    };
    return {chosen(all_.inputs), chosen(all_.targets), chosen(all_.sample_weights)};
  }

 private:
  Batch all_;  // every row
  BatchOptions options_;
};

class Generated : public DatasetImpl {
 public:
  Generated(std::function<Pass(std::int64_t)> make, std::int64_t batches)
      : make_(std::move(make)), batches_(batches) {
    if (!make_) fail("from_generator: a function that makes batches is needed, got an empty one");
  }
  std::int64_t size() const override { return -1; }
  std::int64_t batches(std::int64_t) const override { return batches_; }
  Pass pass(std::int64_t epoch, std::int64_t first_batch) const override {
    Pass next = make_(epoch);
    if (!next) fail("from_generator: epoch {} has no function that makes batches", epoch);
    for (std::int64_t b = 0; b < first_batch && next(); ++b) {
    }
    return next;
  }

 private:
  std::function<Pass(std::int64_t)> make_;
  std::int64_t batches_;
};

}  // namespace

Pass IndexedDatasetImpl::pass(std::int64_t epoch, std::int64_t first_batch) const {
  return [this, plan = plan(epoch), at = static_cast<std::size_t>(first_batch)]() mutable {
    if (at >= plan.size()) return std::optional<Batch>();
    std::optional<Batch> next = batch(plan[at]);
    next->rows = std::move(plan[at++]);
    return next;
  };
}

Pass Dataset::pass(std::int64_t epoch, std::int64_t first_batch) const {
  return [alive = impl_, next = held().pass(epoch, first_batch)] { return next(); };
}

const IndexedDatasetImpl& Dataset::indexed() const {
  const auto* indexed = dynamic_cast<const IndexedDatasetImpl*>(&held());
  if (indexed == nullptr) fail("Dataset: its batches come in one order, from pass()");
  return *indexed;
}

Batch Dataset::batch(const std::vector<std::int64_t>& rows) const {
  for (const std::int64_t row : rows) {
    if (row < 0 || row >= size()) fail("Dataset: row {} is outside [0, {})", row, size());
  }
  return indexed().batch(rows);
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

Dataset from_tensors(const Tensors& inputs, const OneOrMoreTensors& targets,
                     const BatchOptions& options, const OneOrMoreTensors& sample_weights) {
  return Dataset(std::make_shared<TensorRows>(inputs, targets, sample_weights, options));
}

Dataset from_generator(std::function<Pass(std::int64_t epoch)> make, std::int64_t batches) {
  return Dataset(std::make_shared<Generated>(std::move(make), batches));
}

}  // namespace kindling
