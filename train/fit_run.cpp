#include <kindling/train/fit_run.h>

#include <algorithm>
#include <limits>

#include <fmt/ranges.h>

#include <kindling/autograd/graph.h>
#include <kindling/layers/generator_state.h>
#include <kindling/layers/state_fields.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

void check(const Model& model, const FitOptions& o) {
  const auto fail_unless = [&](bool good, const char* rule) {
    if (!good) fail("{}: fit: {}", model.impl()->who(), rule);
  };
  if (o.epochs < 0 || o.initial_epoch < 0) {
    fail("{}: epochs and initial_epoch are at least 0, got {} and {}", model.impl()->who(),
         o.epochs, o.initial_epoch);
  }
  fail_unless(o.steps_per_epoch.value_or(1) >= 1 && o.validation_steps.value_or(1) >= 1 &&
                  o.validation_freq >= 1,
              "steps_per_epoch, validation_steps and validation_freq are at least 1");
  fail_unless(!o.batch_size && o.validation_split == 0 && !o.sample_weight.defined(),
              "batch_size, validation_split and sample_weight are for tensors; a Dataset has its "
              "own batches and weights");
  for (const Callback& callback : o.callbacks) callback.impl();  // none is empty
  // Neither a regularizer nor a constraint that is needed was left out when the model was loaded.
  const NoGrad no_grad;
  model.losses();
  for (const Weight& w : model.weights()) {
    if (w.trainable) w.constraint.check_known();
  }
}

}  // namespace

Pass limited(Pass pass, std::optional<std::int64_t> steps) {
  if (!steps) return pass;
  return [pass = std::move(pass), left = *steps]() mutable {
    return left-- > 0 ? pass() : std::optional<Batch>();
  };
}

FitRun::FitRun(Model& model, const Dataset& data, const FitOptions& options)
    : model_(model),
      data_(data),
      options_(options),
      callbacks_(options.callbacks),
      progress_(options.verbose, options.epochs),
      epoch_(options.initial_epoch) {
  check(model, options);
  std::ranges::stable_sort(callbacks_, {}, [](const Callback& c) { return c->runs_last(); });
}

FitRun::~FitRun() {
  each([&](CallbackImpl& c) { c.let_go(*this); });
}

double FitRun::loss() const { return model_.objective(0).loss(); }

bool FitRun::validates_later(const std::string& log, const Logs& logs) const {
  return options_.validation_data && log.starts_with("val_") && !logs.contains("val_loss");
}

bool FitRun::stopped() const {
  return std::ranges::any_of(callbacks_, [](const Callback& c) { return c->stopped(); });
}

// A batch that builds the model is trained on too: a generator may not give it again.
void FitRun::prepare() {
  if (!model_.must_prepare()) return;
  const Pass pass = data_.pass(epoch_);
  std::optional<Batch> first = pass();
  if (!first) return;
  model_.prepare(*first);
  begun_ = [pass, first = std::move(first)]() mutable {
    return first ? std::exchange(first, std::nullopt) : pass();
  };
}

Pass FitRun::batches_left() {
  const Pass begun = std::exchange(begun_, nullptr);
  if (begun && epoch_ == options_.initial_epoch && batch_ == 0) return begun;
  // Where a run is taken up in the midst of an epoch, the last batch that it did must be there.
  const Pass rest = data_.pass(epoch_, std::max<std::int64_t>(batch_ - 1, 0));
  if (batch_ > 0 && !rest()) {
    fail("{}: the run that was kept had done {} batches of epoch {}, the data has fewer",
         model_.impl()->who(), batch_, epoch_);
  }
  return rest;
}

History FitRun::run() {
  for (std::size_t i = 0; i < callbacks_.size(); ++i) {
    if (!callbacks_[i]->take(*this)) {
      fail("{}: fit: a callback serves one fit at a time, and callback {} is in use, by another "
           "fit or twice in this one; make one for each", model_.impl()->who(), i);
    }
  }
  const RandomScope random(model_.compiled("fit").random);
  prepare();
  each([&](CallbackImpl& c) { c.on_train_begin(model_); });  // one may take up an earlier run
  // An epoch that was stopped in its midst is still to be validated and logged.
  while (!interrupted_ && epoch_ < options_.epochs && (batch_ > 0 || !stopped())) {
    if (!run_epoch()) {
      fail("{}: epoch {} of the data has no batches", model_.impl()->who(), epoch_);
    }
  }
  model_.finish_fit();
  each([](CallbackImpl& c) { c.on_train_end(); });
  return history_;
}

bool FitRun::run_epoch() {
  const auto epoch = static_cast<int>(epoch_);
  if (batch_ == 0) {
    model_.reset_metrics();
    each([&](CallbackImpl& c) { c.on_epoch_begin(epoch); });
  }
  const bool shown = options_.verbose != Verbose::silent;
  progress_.start_epoch(epoch, shown ? steps_of(epoch) : -1, batch_);
  auto steps = options_.steps_per_epoch;
  if (steps) *steps -= batch_;
  const Pass pass = limited(batches_left(), steps);
  for (std::optional<Batch> batch; !interrupted_ && !stopped() && (batch = pass());) {
    each([&](CallbackImpl& c) { c.on_train_batch_begin(batch_); });
    model_.train_step(*batch, options_.class_weight);
    const std::int64_t done = batch_++;
    const Logs logs([this] { return model_.logs_now(); });
    progress_.step(batch_, [&] { return logs; });
    each([&](CallbackImpl& c) { c.on_train_batch_end(done, logs); });
  }
  if (interrupted_) {
    progress_.leave_epoch();
    return true;
  }
  if (batch_ == 0) return stopped();
  Logs logs = model_.logs_now();
  if (options_.validation_data && (epoch + 1) % options_.validation_freq == 0) {
    each([](CallbackImpl& c) { c.on_test_begin(); });
    const Logs validation =
        model_.evaluated(*options_.validation_data, "val_", options_.validation_steps);
    each([&](CallbackImpl& c) { c.on_test_end(validation); });
    for (const auto& [name, value] : validation) logs.set(name, value);
  }
  progress_.finish_epoch(batch_, logs);
  ++epoch_;
  batch_ = 0;
  history_.epochs.push_back(logs);
  each([&](CallbackImpl& c) {
    c.on_epoch_end(epoch, logs);
    history_.epochs.back() = logs;
  });
  return true;
}

std::int64_t FitRun::steps_of(std::int64_t epoch) const {
  const std::int64_t all = data_.batches(epoch), most = options_.steps_per_epoch.value_or(-1);
  return all < 0 || (most >= 0 && most < all) ? most : all;
}

CallbackImpl::LogNames FitRun::batch_logs() const {
  std::vector<std::string> names = model_.log_names();
  return names.empty() ? CallbackImpl::LogNames() : names;  // none where the data is empty
}

CallbackImpl::LogNames FitRun::epoch_logs(const CallbackImpl& callback) const {
  std::vector<std::string> names = model_.log_names(), validation;
  if (names.empty()) return {};
  if (options_.validation_data) {
    for (const std::string& name : names) validation.push_back("val_" + name);
  }
  const auto add = [&](const std::vector<std::string>& more) {
    for (const std::string& name : more) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  };
  if ((epoch_ + 1) % options_.validation_freq == 0) add(validation);
  for (const Callback& before : callbacks_) {
    if (before.impl().get() == &callback) break;
    const auto set = before.sets_logs();
    if (!set) return {};
    add(*set);
  }
  add(validation);
  return names;
}

const std::string& FitRun::renamed(const std::string& log) const {
  const auto at = renamed_.find(log);
  return at != renamed_.end() ? at->second : log;
}

void FitRun::read_names(const std::vector<std::string>& kept) {
  const std::vector<std::string> own = model_.log_names();
  if (renumbered(kept, own) != own) {
    fail("{}: the run that was kept logs {}, this one logs {}", model_.impl()->who(),
         fmt::format("{}", fmt::join(kept, ", ")), fmt::format("{}", fmt::join(own, ", ")));
  }
  for (std::size_t i = 0; i < own.size(); ++i) {
    for (const char* prefix : {"", "val_"}) renamed_[prefix + kept[i]] = prefix + own[i];
  }
}

void FitRun::state(Fields& f) {
  between(f, "epoch", epoch_, options_.initial_epoch, options_.epochs);
  const std::int64_t steps = f.reading() ? steps_of(epoch_) : -1;
  between(f, "batch", batch_, 0, steps < 0 ? std::numeric_limits<std::int64_t>::max() : steps);
  f("random", model_.compiled("fit").random);
  std::vector<std::string> names = model_.log_names();
  f("logs", names);
  if (f.reading()) read_names(names);
  f.inside("model", [&](Fields& g) { model_.state(g); });
  Config::List epochs;
  for (const Logs& logs : history_.epochs) epochs.push_back(to_config(logs));
  Config history = epochs;
  f("history", history);
  if (f.reading()) {
    history_.epochs.clear();
    for (const Config& kept : history.as_list("history")) {
      Logs logs;
      from_config(kept, logs, "history");
      Logs& now = history_.epochs.emplace_back();
      for (const auto& [name, value] : logs) now.set(renamed(name), value);
    }
    if (std::ssize(history_.epochs) > epoch_) {
      fail("{}: the run that was kept has {} epochs in its history, and had run {}",
           model_.impl()->who(), history_.epochs.size(), epoch_);
    }
  }
  std::int64_t count = std::ssize(callbacks_);
  f("callbacks", count);
  if (count != std::ssize(callbacks_)) {
    fail("{}: the run that was kept had {} callbacks, this one has {}", model_.impl()->who(), count,
         callbacks_.size());
  }
  for (std::size_t i = 0; i < callbacks_.size(); ++i) {
    CallbackImpl& callback = *callbacks_[i].impl();
    f.inside("callback " + std::to_string(i), [&](Fields& g) {
      bool stopped = callback.stopped();
      g("stopped", stopped);
      callback.set_stopped(stopped);
      callback.state(g);
    });
  }
}

}  // namespace kindling
