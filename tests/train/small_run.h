// A small model, its data, and runs of it: what callbacks are tested with.
#pragma once

#include <utility>
#include <vector>

#include <kindling/kindling.h>

#include "tests/tensors.h"

namespace kindling {

inline Model small_model() {
  set_random_seed(5);
  const auto input = Input({.shape = {3}, .name = "x"});
  Model model(input, Dense({.units = 1, .name = "d"})(Dropout({.rate = 0.5, .name = "r"})(input)),
              "m");
  model.compile({.optimizer = Adam({.learning_rate = 0.1}), .loss = MeanSquaredError()});
  return model;
}

// Five batches.
inline Dataset small_data() {
  return from_tensors({normals({10, 3}, 1)}, normals({10, 1}, 2),
                      {.batch_size = 2, .shuffle = true});
}

inline History trained(Model& model, std::vector<Callback> callbacks, int epochs = 3) {
  const Dataset data = small_data();
  return model.fit(data, {.epochs = epochs, .verbose = Verbose::silent,
                          .callbacks = std::move(callbacks), .validation_data = data});
}

// Counts batches, and interrupts the run after so many; -1: never.
class CountBatchesImpl : public CallbackImpl {
 public:
  explicit CountBatchesImpl(int last = -1) : last_(last) {}
  void on_train_batch_end(std::int64_t, const Logs&) override {
    if (++count_ == last_) interrupt_training();
  }
  int count() const { return count_; }

 private:
  int last_, count_ = 0;
};

inline Callback interrupt_after(int batches) {
  return Callback(std::make_shared<CountBatchesImpl>(batches));
}

}  // namespace kindling
