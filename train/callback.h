// Callbacks: what happens besides training, between batches and epochs.
//
//   class Report : public CallbackImpl {
//    public:
//     void on_epoch_end(int epoch, Logs& logs) override { ... }
//   };
//   model.fit(train, {.callbacks = {CSVLogger({.filename = "log.csv"}),
//                                   Callback(std::make_shared<Report>())}});
//
// Callbacks run in the order in which they are listed, those that keep the whole run
// (BackupAndRestore) after the others. Source: keras.callbacks.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include <kindling/layers/configurable.h>
#include <kindling/train/logs.h>

#pragma GCC visibility push(default)
namespace kindling {

class FitRun;
class Model;

class CallbackImpl {
 public:
  virtual ~CallbackImpl() = default;
  virtual void on_train_begin(Model&) {}
  virtual void on_train_end() {}
  virtual void on_epoch_begin(int /*epoch*/) {}
  // What it sets in the logs, later callbacks and the history see.
  virtual void on_epoch_end(int /*epoch*/, Logs&) {}
  virtual void on_train_batch_begin(std::int64_t /*batch*/) {}
  virtual void on_train_batch_end(std::int64_t /*batch*/, const Logs&) {}
  virtual void on_test_begin() {}  // validation
  virtual void on_test_end(const Logs&) {}
  // What it must remember for a run that was killed to be taken up as if it never had been.
  virtual void state(Fields&) {}
  virtual bool runs_last() const { return false; }
  // The names of the logs that on_epoch_end sets; nothing if it may set any. Callbacks that read
  // logs of other names than there will be are refused before training.
  using LogNames = std::optional<std::vector<std::string>>;
  virtual LogNames sets_logs() const { return {}; }

  // For fit: takes the callback for a run, which fails (false) while it belongs to one, lets it go,
  // and says whether it has asked to end the run.
  bool take(FitRun& run);
  void let_go(const FitRun& run);
  bool stopped() const { return stopped_; }
  void set_stopped(bool stopped) { stopped_ = stopped; }

 protected:
  void stop_training() { stopped_ = true; }  // after this batch, or this epoch
  // Ends the run after this batch, or this epoch, as one that is to be taken up again: the epoch is
  // not validated and logged, and BackupAndRestore saves the run and keeps it.
  void interrupt_training();
  FitRun& run() const;  // throws unless fit runs

 private:
  FitRun* run_ = nullptr;
  bool stopped_ = false;
};

class Callback {
 public:
  explicit Callback(std::shared_ptr<CallbackImpl> impl);
  template <std::derived_from<CallbackImpl> Impl>
  explicit Callback(const std::shared_ptr<Impl>& impl)
      : Callback(std::shared_ptr<CallbackImpl>(impl)) {
    // A class that leaves on_epoch_end alone sets no logs.
    const CallbackImpl& object = *impl;
    leaves_logs_ = typeid(object) == typeid(Impl) && requires {
      requires std::same_as<decltype(&Impl::on_epoch_end), void (CallbackImpl::*)(int, Logs&)>;
    };
  }
  CallbackImpl* operator->() const { return impl().get(); }
  const std::shared_ptr<CallbackImpl>& impl() const;  // throws if it has been moved from
  CallbackImpl::LogNames sets_logs() const {
    return leaves_logs_ ? CallbackImpl::LogNames(std::in_place) : impl()->sets_logs();
  }

 private:
  bool leaves_logs_ = false;
  std::shared_ptr<CallbackImpl> impl_;
};

// A callback made from options; get() is the object behind it.
template <class Impl>
class CallbackOf : public Callback {
 public:
  using Options = typename Impl::Options;
  explicit CallbackOf(Options options) : Callback(std::make_shared<Impl>(std::move(options))) {}
  CallbackOf()
    requires std::default_initializable<Options>
      : CallbackOf(Options{}) {}
  Impl& get() const { return static_cast<Impl&>(*impl()); }
};

// Callbacks from functions. Source: keras.callbacks.LambdaCallback.
struct LambdaCallbackOptions {
  std::function<void(int epoch)> on_epoch_begin = {};
  std::function<void(int epoch, Logs&)> on_epoch_end = {};
  std::function<void(Model&)> on_train_begin = {};
  std::function<void()> on_train_end = {};
  std::function<void(std::int64_t batch)> on_train_batch_begin = {};
  std::function<void(std::int64_t batch, const Logs&)> on_train_batch_end = {};
};
class LambdaCallbackImpl : public CallbackImpl {
 public:
  using Options = LambdaCallbackOptions;
  explicit LambdaCallbackImpl(Options options) : o_(std::move(options)) {}
  void on_train_begin(Model& model) override { call(o_.on_train_begin, model); }
  void on_train_end() override { call(o_.on_train_end); }
  void on_epoch_begin(int epoch) override { call(o_.on_epoch_begin, epoch); }
  void on_epoch_end(int epoch, Logs& logs) override { call(o_.on_epoch_end, epoch, logs); }
  void on_train_batch_begin(std::int64_t batch) override { call(o_.on_train_batch_begin, batch); }
  void on_train_batch_end(std::int64_t batch, const Logs& logs) override {
    call(o_.on_train_batch_end, batch, logs);
  }
  LogNames sets_logs() const override {
    return o_.on_epoch_end ? LogNames() : LogNames(std::in_place);
  }

 private:
  template <class F, class... Arguments>
  static void call(const F& f, Arguments&... arguments) {
    if (f) f(arguments...);
  }
  Options o_;
};
using LambdaCallback = CallbackOf<LambdaCallbackImpl>;

// Ends training when a batch's loss is NaN or infinite. Source: keras.callbacks.TerminateOnNaN.
class TerminateOnNaNImpl : public CallbackImpl {
 public:
  struct Options {};
  explicit TerminateOnNaNImpl(Options) {}
  void on_train_batch_end(std::int64_t batch, const Logs& logs) override;
};
using TerminateOnNaN = CallbackOf<TerminateOnNaNImpl>;

}  // namespace kindling
#pragma GCC visibility pop
