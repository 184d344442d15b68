// EarlyStopping: ends training when a log has not become better for some epochs.
//
//   EarlyStopping({.monitor = "val_auc", .patience = 2, .restore_best_weights = true})
//
// Source: keras.callbacks.EarlyStopping.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <kindling/layers/layer.h>
#include <kindling/train/callback.h>

namespace kindling {

enum class Direction { automatic, smaller, larger };  // Keras's mode: auto, min, max

// Whether larger is better: as told, or by the log's name (auc, accuracy, correlation, pearson,
// precision, recall: larger; loss, error, crossentropy: smaller; fails on any other).
bool larger_is_better(const std::string& log, Direction mode);

struct EarlyStoppingOptions {
  std::string monitor = "val_loss";
  double min_delta = 0;    // a smaller change is none
  std::int64_t patience = 0;  // ends after so many epochs without a better value, at least one
  Direction mode = Direction::automatic;
  bool restore_best_weights = false;  // at the end, the weights of the best epoch
};

class EarlyStoppingImpl : public CallbackImpl {
 public:
  using Options = EarlyStoppingOptions;
  explicit EarlyStoppingImpl(Options options);
  void on_train_begin(Model& model) override;
  void on_epoch_end(int epoch, const Logs& logs) override;
  void on_train_end() override;
  bool stop_training() const override { return waited_ > 0 && waited_ >= options_.patience; }
  int best_epoch() const { return best_epoch_; }  // from 0; -1: none yet

 private:
  Options options_;
  Weights weights_;      // the model's
  Tensors best_weights_; // copies
  std::optional<double> best_;
  int best_epoch_ = -1;
  std::int64_t waited_ = 0;
};

class EarlyStopping : public Callback {
 public:
  using Options = EarlyStoppingOptions;
  explicit EarlyStopping(Options options = {});
  // The epoch of the best value, counted from 0; -1 before the first.
  int best_epoch() const { return static_cast<EarlyStoppingImpl&>(*impl()).best_epoch(); }
};

}  // namespace kindling
