// Dataset: what Model::fit, evaluate and predict go over, a batch at a time.
//
//   Dataset train = from_tensors({x}, y, {.batch_size = 32, .shuffle = true});
//   Dataset train = text_pairs(pairs, vocabulary, {.batch_size = 128, .shuffle = true});
//
// A dataset has a plan for each epoch: which examples make each batch. The plan depends on the seed
// and the number of the epoch alone, so a run can be repeated, or taken up at any batch.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <kindling/tensor/tensor.h>

namespace kindling {

struct Batch {
  Tensors inputs;
  Tensor target;              // undefined where there is none (prediction)
  Tensor sample_weight = {};  // (batch,), undefined: all alike
};

using BatchPlan = std::vector<std::vector<std::int64_t>>;  // rows of examples, one a batch

class DatasetImpl {
 public:
  virtual ~DatasetImpl() = default;
  virtual std::int64_t size() const = 0;  // examples
  virtual BatchPlan plan(std::int64_t epoch) const = 0;
  virtual Batch batch(const std::vector<std::int64_t>& rows) const = 0;
};

// A handle; a copy shares the data.
class Dataset {
 public:
  explicit Dataset(std::shared_ptr<const DatasetImpl> impl) : impl_(std::move(impl)) {}
  std::int64_t size() const { return impl_->size(); }
  BatchPlan plan(std::int64_t epoch) const { return impl_->plan(epoch); }
  Batch batch(const std::vector<std::int64_t>& rows) const;  // fails on a row outside [0, size())

 private:
  std::shared_ptr<const DatasetImpl> impl_;
};

struct BatchOptions {
  std::int64_t batch_size = 32;
  bool shuffle = false;
  std::uint64_t seed = 0;  // of the shuffle
};

// Rows of tensors: all have the same size along axis 0. target may be undefined.
Dataset from_tensors(const Tensors& inputs, const Tensor& target, const BatchOptions& options = {});

// Chops an order of examples into batches; the last one may be smaller.
BatchPlan chop(const std::vector<std::int64_t>& order, std::int64_t batch_size);

}  // namespace kindling
