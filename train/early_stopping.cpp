#include <kindling/train/early_stopping.h>

#include <algorithm>
#include <cmath>

#include <kindling/layers/state_fields.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/fit_run.h>

namespace kindling {

EarlyStoppingImpl::EarlyStoppingImpl(Options options)
    : options_(std::move(options)),
      monitor_("EarlyStopping", options_.monitor, options_.mode, options_.min_delta) {
  if (options_.patience < 0) {
    fail("EarlyStopping: patience is at least 0, got {}", options_.patience);
  }
  if (options_.start_from_epoch < 0) {
    fail("EarlyStopping: start_from_epoch is at least 0, got {}", options_.start_from_epoch);
  }
  if (std::isnan(options_.baseline.value_or(0))) {
    fail("EarlyStopping: baseline is a number, got nan");
  }
}

void EarlyStoppingImpl::on_train_begin(Model& model) {
  monitor_.check(run().epoch_logs(*this));
  weights_ = model.weights();
  best_weights_.clear();
  monitor_.forget();
  best_epoch_ = -1;
  waited_ = 0;
}

void EarlyStoppingImpl::on_epoch_end(int epoch, Logs& logs) {
  if (epoch < options_.start_from_epoch || run().validates_later(options_.monitor, logs)) return;
  const bool better = monitor_.better(logs);
  // The first epoch is the best so far, whatever it was.
  if (better || best_epoch_ < 0) {
    best_epoch_ = epoch;
    if (options_.restore_best_weights) {
      best_weights_.clear();
      for (const Weight& w : weights_) best_weights_.push_back(w.value.clone());
    }
  }
  // As in Keras: a baseline says what a best value must beat to start the patience anew, and an
  // epoch that is the best so far never ends training.
  ++waited_;
  if (better || epoch == best_epoch_) {
    if (!options_.baseline || monitor_.beats(*options_.baseline)) waited_ = 0;
  } else if (waited_ >= options_.patience) {
    stop_training();
  }
}

void EarlyStoppingImpl::on_train_end() {
  for (std::size_t i = 0; i < best_weights_.size(); ++i) {
    Tensor weight = weights_[i].value;
    std::ranges::copy(best_weights_[i].floats(), weight.mutable_floats().begin());
  }
  weights_.clear();
  best_weights_.clear();
}

void EarlyStoppingImpl::state(Fields& f) {
  monitor_.state(f);
  f("best_weights", best_weights_);
  between(f, "best_epoch", best_epoch_, -1, run().epoch());
  between(f, "waited", waited_, 0, run().epoch());
  if (!f.reading()) return;
  const bool has_best = options_.restore_best_weights && best_epoch_ >= 0;
  if (!std::ranges::equal(best_weights_, has_best ? weights_ : Weights(), [](auto& a, auto& b) {
        return a.dtype() == DType::float32 && a.shape() == b.value.shape();
      })) {
    fail("EarlyStopping: the best weights that were kept don't fit the model");
  }
}

}  // namespace kindling
