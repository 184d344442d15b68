// EarlyStopping: ends training when a log has not become better for some epochs.
//
//   EarlyStopping({.monitor = "val_auc", .patience = 2, .restore_best_weights = true})
//
// Source: keras.callbacks.EarlyStopping.
#pragma once

#include <optional>
#include <string>

#include <kindling/layers/layer.h>
#include <kindling/train/callback.h>
#include <kindling/train/monitor.h>

#pragma GCC visibility push(default)
namespace kindling {

struct EarlyStoppingOptions {
  std::string monitor = "val_loss";
  double min_delta = 0;       // a smaller change is none
  std::int64_t patience = 0;  // ends after so many epochs without a better value, at least one
  Direction mode = Direction::automatic;
  std::optional<double> baseline = {};  // what the first value must beat
  bool restore_best_weights = false;    // at the end, the weights of the best epoch
  int start_from_epoch = 0;             // earlier ones don't count
};

class EarlyStoppingImpl : public CallbackImpl {
 public:
  using Options = EarlyStoppingOptions;
  explicit EarlyStoppingImpl(Options options);
  void on_train_begin(Model& model) override;
  void on_epoch_end(int epoch, Logs& logs) override;
  void on_train_end() override;
  void state(Fields& f) override;
  LogNames sets_logs() const override { return LogNames(std::in_place); }
  std::int64_t best_epoch() const { return best_epoch_; }  // from 0; -1: none yet

 private:
  Options options_;
  Monitor monitor_;
  Weights weights_;       // the model's
  Tensors best_weights_;  // copies
  std::int64_t best_epoch_ = -1;
  std::int64_t waited_ = 0;
};

class EarlyStopping : public CallbackOf<EarlyStoppingImpl> {
 public:
  using CallbackOf::CallbackOf;
  // The epoch of the best value, counted from 0; -1 before the first.
  std::int64_t best_epoch() const { return get().best_epoch(); }
};

}  // namespace kindling
#pragma GCC visibility pop
