// Callbacks: what happens besides training, between batches and epochs.
//
//   class Report : public CallbackImpl {
//    public:
//     void on_epoch_end(int epoch, const Logs& logs) override { ... }
//   };
//   model.fit(train, {.callbacks = {Callback(std::make_shared<Report>())}});
//
// Callbacks run in the order in which they are listed. Source: keras.callbacks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <kindling/layers/configurable.h>
#include <kindling/train/logs.h>

namespace kindling {

class Model;

class CallbackImpl {
 public:
  virtual ~CallbackImpl() = default;
  virtual void on_train_begin(Model&) {}
  virtual void on_epoch_begin(int /*epoch*/) {}
  virtual void on_train_batch_end(std::int64_t /*batch*/, const Logs&) {}
  virtual void on_epoch_end(int /*epoch*/, const Logs&) {}
  virtual void on_train_end() {}
  // Asked after each epoch; true ends training.
  virtual bool stop_training() const { return false; }
};

class Callback {
 public:
  explicit Callback(std::shared_ptr<CallbackImpl> impl) : impl_(std::move(impl)) {}
  CallbackImpl* operator->() const { return impl_.get(); }
  const std::shared_ptr<CallbackImpl>& impl() const { return impl_; }

 private:
  std::shared_ptr<CallbackImpl> impl_;
};

}  // namespace kindling
