// StopOnSignal: ends training at Ctrl-C (SIGINT) or SIGTERM so that it can be taken up again.
//
//   const StopOnSignal stop;
//   model.fit(train, {.epochs = 20,
//                     .callbacks = {BackupAndRestore({.backup_dir = "backup"}), stop}});
//   if (stop.signal() != 0) {
//     std::puts("stopped; the same command goes on from here");
//     return 128 + stop.signal();
//   }
//
// fit finishes the batch that runs, or the validation, and returns; BackupAndRestore saves the run
// there and keeps it, so that the next run ends with the same bits as one that was not stopped. A
// second signal ends the program, as it does without this.
//
// The signals are caught from its construction to its destruction, also before fit, which then
// trains nothing. One that the process ignores (nohup) stays ignored. Signals belong to a process:
// one that was caught stops every fit that has such a callback. Keras has nothing like it.
#pragma once

#include <csignal>
#include <memory>
#include <vector>

#include <kindling/train/callback.h>

#pragma GCC visibility push(default)
namespace kindling {

struct StopOnSignalOptions {
  std::vector<int> signals = {SIGINT, SIGTERM};
};

class StopOnSignalImpl : public CallbackImpl {
 public:
  using Options = StopOnSignalOptions;
  explicit StopOnSignalImpl(const Options& options);
  ~StopOnSignalImpl() override;
  void on_train_begin(Model&) override { look(); }
  void on_train_batch_end(std::int64_t, const Logs&) override { look(); }
  void on_epoch_end(int, Logs&) override { look(); }
  LogNames sets_logs() const override { return LogNames(std::in_place); }
  int signal() const;

 private:
  class Handler;
  void look();

  std::vector<std::unique_ptr<Handler>> handlers_;
};

class StopOnSignal : public CallbackOf<StopOnSignalImpl> {
 public:
  using CallbackOf::CallbackOf;
  // The signal that was caught, 0 before.
  int signal() const { return get().signal(); }
};

}  // namespace kindling
#pragma GCC visibility pop
