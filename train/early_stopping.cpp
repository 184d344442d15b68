#include <kindling/train/early_stopping.h>

#include <algorithm>
#include <cmath>

#include <kindling/tensor/fail.h>
#include <kindling/train/model.h>

namespace kindling {

bool larger_is_better(const std::string& log, Direction mode) {
  if (mode != Direction::automatic) return mode == Direction::larger;
  for (const char* word : {"auc", "accuracy", "correlation", "pearson", "precision", "recall"}) {
    if (log.find(word) != std::string::npos) return true;
  }
  for (const char* word : {"loss", "error", "crossentropy"}) {
    if (log.find(word) != std::string::npos) return false;
  }
  fail("EarlyStopping: monitor \"{}\": whether larger is better can't be told from its name; say "
       ".mode = Direction::larger or Direction::smaller", log);
}

EarlyStoppingImpl::EarlyStoppingImpl(Options options) : options_(std::move(options)) {
  if (options_.patience < 0 || !(options_.min_delta >= 0)) {
    fail("EarlyStopping: patience and min_delta are at least 0, got {} and {}", options_.patience,
         options_.min_delta);
  }
  larger_is_better(options_.monitor, options_.mode);
}

EarlyStopping::EarlyStopping(Options options)
    : Callback(std::make_shared<EarlyStoppingImpl>(std::move(options))) {}

void EarlyStoppingImpl::on_train_begin(Model& model) {
  weights_ = model.weights();
  best_weights_.clear();
  best_.reset();
  best_epoch_ = -1;
  waited_ = 0;
}

void EarlyStoppingImpl::on_epoch_end(int epoch, const Logs& logs) {
  if (!logs.contains(options_.monitor)) {
    fail("EarlyStopping: there is no log \"{}\", there are {}; give fit validation_data, or "
         "another .monitor", options_.monitor, logs.names());
  }
  const double value = logs[options_.monitor];
  const double sign = larger_is_better(options_.monitor, options_.mode) ? 1 : -1;
  const auto min_delta = options_.min_delta;
  const bool first = best_epoch_ < 0;
  const bool better = first || (!std::isnan(value) &&
                                (!best_ || sign * (value - *best_) > min_delta));
  if (!better) {
    ++waited_;
    return;
  }
  if (!std::isnan(value)) best_ = value;
  best_epoch_ = epoch;
  waited_ = 0;
  if (!options_.restore_best_weights) return;
  best_weights_.clear();
  for (const Weight& w : weights_) best_weights_.push_back(w.value.clone());
}

void EarlyStoppingImpl::on_train_end() {
  for (std::size_t i = 0; i < best_weights_.size(); ++i) {
    Tensor weight = weights_[i].value;
    std::ranges::copy(best_weights_[i].floats(), weight.mutable_floats().begin());
  }
  weights_.clear();
  best_weights_.clear();
}

}  // namespace kindling
