#include <kindling/train/learning_rate_callbacks.h>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <kindling/layers/state_fields.h>
#include <kindling/tensor/fail.h>
#include <kindling/train/fit_run.h>

namespace kindling {

namespace {

// An optimizer that follows a schedule takes no other rate: said before training, not in its midst.
void check_can_set(const char* who, const Model& model) {
  try {
    model.optimizer().set_learning_rate(model.optimizer().learning_rate());
  } catch (const Error& error) {
    throw Error(std::string(who) + ": " + error.what());
  }
}

}  // namespace

void LearningRateSchedulerImpl::on_train_begin(Model& model) {
  check_can_set("LearningRateScheduler", model);
}

LearningRateSchedulerImpl::LearningRateSchedulerImpl(Options options)
    : options_(std::move(options)) {
  if (!options_.schedule) {
    fail("LearningRateScheduler: a schedule is needed, a function of the epoch and the rate");
  }
}

void LearningRateSchedulerImpl::on_epoch_begin(int epoch) {
  const Optimizer& optimizer = run().model().optimizer();
  const double rate = options_.schedule(epoch, optimizer.learning_rate());
  optimizer.set_learning_rate(rate);
  if (options_.verbose) {
    Progress::print(fmt::format("Epoch {}: LearningRateScheduler sets the learning rate to {}\n",
                                epoch + 1, rate));
  }
}

void LearningRateSchedulerImpl::on_epoch_end(int, Logs& logs) {
  logs.set("learning_rate", run().model().optimizer().learning_rate());
}

ReduceLROnPlateauImpl::ReduceLROnPlateauImpl(Options options)
    : options_(std::move(options)),
      monitor_("ReduceLROnPlateau", options_.monitor, options_.mode, options_.min_delta) {
  if (!(options_.factor > 0 && options_.factor < 1) || options_.patience < 0 ||
      options_.cooldown < 0) {
    fail("ReduceLROnPlateau: factor is in (0, 1), patience and cooldown are at least 0, got {}, {} "
         "and {}", options_.factor, options_.patience, options_.cooldown);
  }
  if (!(options_.min_lr >= 0 && std::isfinite(options_.min_lr))) {
    fail("ReduceLROnPlateau: min_lr is at least 0 and finite, got {}", options_.min_lr);
  }
}

void ReduceLROnPlateauImpl::on_train_begin(Model& model) {
  check_can_set("ReduceLROnPlateau", model);
  monitor_.check(run().epoch_logs(*this));
  monitor_.forget();
  waited_ = cooling_ = 0;
}

void ReduceLROnPlateauImpl::on_epoch_end(int epoch, Logs& logs) {
  const Optimizer& optimizer = run().model().optimizer();
  const double rate = optimizer.learning_rate();
  logs.set("learning_rate", rate);
  if (run().validates_later(options_.monitor, logs)) return;
  const bool better = monitor_.better(logs);
  if (cooling_ > 0) {
    --cooling_;
    waited_ = 0;
  }
  if (better) {
    waited_ = 0;
    return;
  }
  if (cooling_ > 0 || ++waited_ < options_.patience || rate <= options_.min_lr) return;
  const double reduced = std::max(rate * options_.factor, options_.min_lr);
  optimizer.set_learning_rate(reduced);
  cooling_ = options_.cooldown;
  waited_ = 0;
  if (options_.verbose) {
    Progress::print(fmt::format("Epoch {}: ReduceLROnPlateau sets the learning rate to {}\n",
                                epoch + 1, reduced));
  }
}

void ReduceLROnPlateauImpl::state(Fields& f) {
  monitor_.state(f);
  between(f, "waited", waited_, 0, run().epoch());
  between(f, "cooling", cooling_, 0, options_.cooldown);
}

}  // namespace kindling
