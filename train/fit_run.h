// FitRun: one call of Model::fit, its loop over epochs and batches, and all that a run is made of.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <kindling/train/model.h>
#include <kindling/train/progress.h>

#pragma GCC visibility push(default)
namespace kindling {

class FitRun {
 public:
  FitRun(Model& model, const Dataset& data, const FitOptions& options);
  ~FitRun();
  FitRun(const FitRun&) = delete;
  FitRun& operator=(const FitRun&) = delete;
  History run();

  Model& model() const { return model_; }
  // Everything that a run depends on: where it is, weights, moments, random numbers, metrics,
  // history and what the callbacks remember. Read back into a run of the same model, data and
  // callbacks, that run goes on to the same bits.
  void state(Fields& f);
  // Where a run that is taken up logs under other names than before, because automatic names of
  // layers count on in a process: the name now.
  const std::string& renamed(const std::string& log) const;
  // Where the run is: batches of the epoch that are done.
  int epoch() const { return static_cast<int>(epoch_); }
  std::int64_t batch() const { return batch_; }
  double loss() const;  // the mean over the epoch so far
  // See CallbackImpl::interrupt_training().
  void interrupt() { interrupted_ = true; }
  bool interrupted() const { return interrupted_; }
  // The logs that a callback will find at the end of a batch, and, in the order of the first epoch,
  // at the end of epochs; nothing if a callback before it may set logs of any name.
  CallbackImpl::LogNames batch_logs() const;
  CallbackImpl::LogNames epoch_logs(const CallbackImpl& callback) const;
  // Whether a log is missing only because this epoch was not validated (validation_freq).
  bool validates_later(const std::string& log, const Logs& logs) const;

 private:
  void prepare();
  Pass batches_left();
  bool run_epoch();
  std::int64_t steps_of(std::int64_t epoch) const;  // -1 if it is not known
  void read_names(const std::vector<std::string>& kept);
  bool stopped() const;
  template <class Hook>
  void each(Hook hook) const {
    for (const Callback& callback : callbacks_) hook(*callback.impl());
  }

  Model& model_;
  const Dataset& data_;
  const FitOptions& options_;
  std::vector<Callback> callbacks_;  // in the order of their calls
  Pass begun_;  // over the first epoch, where its first batch was needed before
  Progress progress_;
  History history_;
  std::map<std::string, std::string> renamed_;
  std::int64_t epoch_ = 0, batch_ = 0;
  bool interrupted_ = false;
};

// The pass over an epoch, cut off after `steps` batches if there is a limit.
Pass limited(Pass pass, std::optional<std::int64_t> steps);

}  // namespace kindling
#pragma GCC visibility pop
