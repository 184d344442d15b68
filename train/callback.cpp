#include <kindling/train/callback.h>

#include <cmath>
#include <mutex>

#include <kindling/tensor/fail.h>
#include <kindling/train/fit_run.h>

namespace kindling {

namespace {

std::mutex run_of_callback;  // fits of other threads may try to take the same one

}  // namespace

bool CallbackImpl::take(FitRun& run) {
  const std::scoped_lock lock(run_of_callback);
  if (run_ != nullptr) return false;
  run_ = &run;
  stopped_ = false;
  return true;
}

void CallbackImpl::let_go(const FitRun& run) {
  const std::scoped_lock lock(run_of_callback);
  if (run_ == &run) run_ = nullptr;
}

FitRun& CallbackImpl::run() const {
  if (run_ == nullptr) fail("Callback: run() is there while fit calls it, and fit doesn't run");
  return *run_;
}

void CallbackImpl::interrupt_training() { run().interrupt(); }

Callback::Callback(std::shared_ptr<CallbackImpl> impl) : impl_(std::move(impl)) {
  if (!impl_) fail("Callback: an object is needed, got a null pointer");
}

const std::shared_ptr<CallbackImpl>& Callback::impl() const {
  if (!impl_) fail("Callback: is empty, it has been moved from");
  return impl_;
}

void TerminateOnNaNImpl::on_train_batch_end(std::int64_t batch, const Logs&) {
  const double loss = run().loss();  // not the logs, which would work out all metrics
  if (std::isfinite(loss)) return;
  warn(fmt::format("TerminateOnNaN: the loss is {} at batch {}; training ends", loss, batch));
  stop_training();
}

}  // namespace kindling
