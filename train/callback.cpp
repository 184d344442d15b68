#include <kindling/train/callback.h>

#include <cmath>

#include <fmt/format.h>

#include <kindling/train/fit_run.h>

namespace kindling {

void CallbackImpl::begin(FitRun& run, Model& model) {
  run_ = &run;
  stopped_ = false;
  on_train_begin(model);
}

void TerminateOnNaNImpl::on_train_batch_end(std::int64_t batch, const Logs&) {
  const double loss = run().loss();  // not the logs, which would work out all metrics
  if (std::isfinite(loss)) return;
  warn(fmt::format("TerminateOnNaN: the loss is {} at batch {}; training ends", loss, batch));
  stop_training();
}

}  // namespace kindling
