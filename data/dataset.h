// Dataset: what Model::fit, evaluate and predict go over, a batch at a time.
//
//   Dataset train = from_tensors({x}, y, {.batch_size = 32, .shuffle = true});
//   Dataset train = text_pairs(pairs, vocabulary, {.batch_size = 128, .shuffle = true});
//   Dataset train = stream_pairs("large.tsv", vocabulary, {.batch_size = 128, .shuffle = true});
//   Dataset train = from_generator([](std::int64_t epoch) { return batches_of(epoch); });
//
// A dataset in memory has a plan for each epoch: which examples make each batch. The plan depends
// on the seed and the number of the epoch alone, so a run can be repeated, or taken up at any
// batch. Another one hands out batches as they come, and holds none.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <kindling/tensor/held.h>
#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

// One tensor or several; an undefined one is none.
struct OneOrMoreTensors : Tensors {
  OneOrMoreTensors() = default;
  OneOrMoreTensors(const Tensor& one) {
    if (one.defined()) push_back(one);
  }
  OneOrMoreTensors(std::initializer_list<Tensor> several) : Tensors(several) {}
  OneOrMoreTensors(Tensors several) : Tensors(std::move(several)) {}
};

struct Batch {
  Tensors inputs;
  Tensors targets = {};         // one an output of the model; empty where there are none
  Tensors sample_weights = {};  // (batch,) each: one for all outputs or one an output; empty: 1
  std::vector<std::int64_t> rows = {};  // its examples' numbers in the dataset; empty: as they come

  std::int64_t size() const { return inputs.at(0).size(0); }
};

using BatchPlan = std::vector<std::vector<std::int64_t>>;  // rows of examples, one a batch
// One pass over a dataset: each call gives the next batch, none at the end.
using Pass = std::function<std::optional<Batch>()>;

class DatasetImpl {
 public:
  virtual ~DatasetImpl() = default;
  virtual std::int64_t size() const = 0;                      // examples
  virtual std::int64_t batches(std::int64_t epoch) const = 0; // both: -1 if not known
  virtual Pass pass(std::int64_t epoch, std::int64_t first_batch) const = 0;
};

// Of examples that can be had in any order.
class IndexedDatasetImpl : public DatasetImpl {
 public:
  virtual BatchPlan plan(std::int64_t epoch) const = 0;
  virtual Batch batch(const std::vector<std::int64_t>& rows) const = 0;
  std::int64_t batches(std::int64_t epoch) const override { return std::ssize(plan(epoch)); }
  Pass pass(std::int64_t epoch, std::int64_t first_batch) const override;
};

// A handle; a copy shares the data.
class Dataset {
 public:
  explicit Dataset(std::shared_ptr<const DatasetImpl> impl) : impl_(std::move(impl)) { held(); }
  // Examples, and batches of an epoch; -1 where that is not known before they have been read.
  std::int64_t size() const { return held().size(); }
  std::int64_t batches(std::int64_t epoch) const { return held().batches(epoch); }
  // The batches of an epoch, from the first wanted on. It keeps the data alive.
  Pass pass(std::int64_t epoch, std::int64_t first_batch = 0) const;
  // Of a dataset in memory; both fail for another, batch() also on a row outside [0, size()).
  BatchPlan plan(std::int64_t epoch) const { return indexed().plan(epoch); }
  Batch batch(const std::vector<std::int64_t>& rows) const;

 private:
  const DatasetImpl& held() const { return *detail::held(impl_, "Dataset"); }
  const IndexedDatasetImpl& indexed() const;
  std::shared_ptr<const DatasetImpl> impl_;
};

struct BatchOptions {
  std::int64_t batch_size = 32;
  bool shuffle = false;
  std::uint64_t seed = 0;  // of the shuffle
};

// Rows of tensors: all have the same size along axis 0. There may be no targets.
Dataset from_tensors(const Tensors& inputs, const OneOrMoreTensors& targets,
                     const BatchOptions& options = {}, const OneOrMoreTensors& sample_weights = {});

// Batches that a function makes: it is called with the number of an epoch, from 0, and returns the
// pass over it. For a run to be repeatable, the same epoch must give the same batches. `batches`:
// how many an epoch has, for the progress bar; -1 if it is not known.
Dataset from_generator(std::function<Pass(std::int64_t epoch)> make, std::int64_t batches = -1);

// Chops an order of examples into batches; the last one may be smaller.
BatchPlan chop(const std::vector<std::int64_t>& order, std::int64_t batch_size);

}  // namespace kindling
#pragma GCC visibility pop
