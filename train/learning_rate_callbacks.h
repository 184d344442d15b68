// Callbacks that set the learning rate between epochs.
#pragma once

#include <functional>
#include <string>

#include <kindling/train/callback.h>
#include <kindling/train/monitor.h>

#pragma GCC visibility push(default)
namespace kindling {

// Sets it before each epoch: schedule(epoch, the rate so far).
// Source: keras.callbacks.LearningRateScheduler.
struct LearningRateSchedulerOptions {
  std::function<double(int epoch, double rate)> schedule;
  bool verbose = false;  // prints what it sets
};

class LearningRateSchedulerImpl : public CallbackImpl {
 public:
  using Options = LearningRateSchedulerOptions;
  explicit LearningRateSchedulerImpl(Options options);
  void on_train_begin(Model& model) override;
  void on_epoch_begin(int epoch) override;
  void on_epoch_end(int epoch, Logs& logs) override;  // logs it as "learning_rate"
  LogNames sets_logs() const override { return {{"learning_rate"}}; }

 private:
  Options options_;
};
using LearningRateScheduler = CallbackOf<LearningRateSchedulerImpl>;

// Multiplies it by `factor` when a log has not become better for `patience` epochs.
// Source: keras.callbacks.ReduceLROnPlateau.
struct ReduceLROnPlateauOptions {
  std::string monitor = "val_loss";
  double factor = 0.1;
  std::int64_t patience = 10;
  bool verbose = false;
  Direction mode = Direction::automatic;
  double min_delta = 1e-4;
  std::int64_t cooldown = 0;  // epochs after a change that don't count
  double min_lr = 0;
};

class ReduceLROnPlateauImpl : public CallbackImpl {
 public:
  using Options = ReduceLROnPlateauOptions;
  explicit ReduceLROnPlateauImpl(Options options);
  void on_train_begin(Model& model) override;
  void on_epoch_end(int epoch, Logs& logs) override;
  void state(Fields& f) override;
  LogNames sets_logs() const override { return {{"learning_rate"}}; }

 private:
  Options options_;
  Monitor monitor_;
  std::int64_t waited_ = 0, cooling_ = 0;
};
using ReduceLROnPlateau = CallbackOf<ReduceLROnPlateauImpl>;

}  // namespace kindling
#pragma GCC visibility pop
