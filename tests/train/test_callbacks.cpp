// Callbacks: when they are called, and EarlyStopping.
#include <cmath>

#include <kindling/layers/dense.h>
#include <kindling/optim/sgd.h>
#include <kindling/train/early_stopping.h>
#include <kindling/train/losses.h>
#include <kindling/train/model.h>

#include "tests/tensors.h"

using namespace kindling;

namespace {

using Events = std::vector<std::string>;

class NotesImpl : public CallbackImpl {
 public:
  NotesImpl(std::string name, Events& events, int last = -1)
      : name_(std::move(name)), events_(events), last_(last) {}
  void on_train_begin(Model& model) override { note("begin " + model.name()); }
  void on_epoch_begin(int epoch) override { note("epoch " + std::to_string(epoch)); }
  void on_train_batch_end(std::int64_t batch, const Logs& logs) override {
    note("batch " + std::to_string(batch) + (logs.contains("loss") ? "" : " without loss"));
  }
  void on_epoch_end(int epoch, Logs& logs) override {
    if (epoch == last_) stop_training();
    note("end " + std::to_string(epoch) + (logs.contains("val_loss") ? " validated" : ""));
  }
  void on_train_end() override { note("done"); }

 private:
  void note(const std::string& what) { events_.push_back(name_ + " " + what); }

  std::string name_;
  Events& events_;
  int last_;
};

Callback notes(const std::string& name, Events& events, int last = -1) {
  return Callback(std::make_shared<NotesImpl>(name, events, last));
}

// y = w x with one weight, w.
Model one_weight() {
  const auto input = Input({.shape = {1}, .name = "x"});
  const auto dense = Dense({.units = 1, .use_bias = false, .name = "d"});
  Model model({input}, dense(input), "m");
  model.compile({.optimizer = SGD({.learning_rate = 0}), .loss = MeanSquaredError()});
  return model;
}

// Inputs 1 and targets 0: with the weight w the loss is w * w.
Dataset ones_to_zeros() {
  return from_tensors({ones({3, 1})}, zeros({3, 1}), {.batch_size = 2});
}

// Sets the weight at each epoch, so that losses are as told.
class LossesImpl : public CallbackImpl {
 public:
  explicit LossesImpl(std::vector<double> losses) : losses_(std::move(losses)) {}
  void on_train_begin(Model& model) override { weight_ = model.weights()[0].value; }
  void on_epoch_begin(int epoch) override {
    weight_.mutable_floats()[0] =
        static_cast<float>(std::sqrt(losses_[static_cast<std::size_t>(epoch)]));
  }

 private:
  std::vector<double> losses_;
  Tensor weight_;
};

struct Stopped {
  std::size_t epochs;
  std::int64_t best_epoch;
  double loss;  // that the last weight has

  friend bool operator==(const Stopped&, const Stopped&) = default;
};

std::ostream& operator<<(std::ostream& out, const Stopped& s) {
  return out << s.epochs << " epochs, best " << s.best_epoch << ", loss " << s.loss;
}

Stopped stopped(const EarlyStoppingOptions& options, const std::vector<double>& losses) {
  Model model = one_weight();
  const EarlyStopping stopping(options);
  const History history = model.fit(
      ones_to_zeros(), {.epochs = static_cast<int>(losses.size()),
                        .verbose = Verbose::silent,
                        .callbacks = {Callback(std::make_shared<LossesImpl>(losses)), stopping},
                        .validation_data = ones_to_zeros()});
  const auto w = static_cast<double>(model.weights()[0].value.floats()[0]);
  return {history.epochs.size(), stopping.best_epoch(), w * w};
}

}  // namespace

TEST_CASE("Callbacks are called in their order, until one stops training") {
  Model model = one_weight();
  Events events;
  const Dataset data = ones_to_zeros();
  model.fit(data, {.epochs = 3,
                   .verbose = Verbose::silent,
                   .callbacks = {notes("A", events), notes("B", events, 1)}});
  CHECK(events == Events{"A begin m", "B begin m",                               //
                         "A epoch 0", "B epoch 0", "A batch 0", "B batch 0",     //
                         "A batch 1", "B batch 1", "A end 0", "B end 0",         //
                         "A epoch 1", "B epoch 1", "A batch 0", "B batch 0",     //
                         "A batch 1", "B batch 1", "A end 1", "B end 1",         //
                         "A done", "B done"});
  events.clear();
  model.fit(data, {.epochs = 8, .verbose = Verbose::silent, .callbacks = {notes("A", events)},
                   .validation_data = data, .initial_epoch = 7});
  CHECK(events == Events{"A begin m", "A epoch 7", "A batch 0", "A batch 1", "A end 7 validated",
                         "A done"});
}

TEST_CASE("EarlyStopping ends training after so many epochs without a better value") {
  const std::vector<double> losses = {9, 4, 1, 4, 4, 16, 25, 36};
  CHECK(stopped({}, losses) == Stopped{4, 2, 4});  // a patience of 0 is as 1, as in Keras
  CHECK(stopped({.patience = 1}, losses) == Stopped{4, 2, 4});
  CHECK(stopped({.patience = 3}, losses) == Stopped{6, 2, 16});
  CHECK(stopped({.patience = 5}, losses) == Stopped{8, 2, 36});
  CHECK(stopped({.patience = 9}, losses) == Stopped{8, 2, 36});
  // A better value begins the count anew.
  CHECK(stopped({.patience = 2}, {9, 16, 4, 9, 1, 1, 1, 0}) == Stopped{7, 4, 1});
}

TEST_CASE("EarlyStopping puts back the best weights") {
  const std::vector<double> losses = {9, 4, 1, 4, 4, 16, 25, 36};
  CHECK(stopped({.patience = 2, .restore_best_weights = true}, losses) == Stopped{5, 2, 1});
  // Also where training ended by itself.
  CHECK(stopped({.patience = 9, .restore_best_weights = true}, losses) == Stopped{8, 2, 1});
  CHECK(stopped({.mode = Direction::larger, .restore_best_weights = true}, {4, 16, 9, 1}) ==
        Stopped{3, 1, 16});
}

TEST_CASE("EarlyStopping takes small changes, and no number at all, for none") {
  CHECK(stopped({.min_delta = 2, .patience = 2}, {25, 9, 8, 9, 1}) == Stopped{4, 1, 9});
  CHECK(stopped({.monitor = "loss", .patience = 2}, {9, NAN, NAN, 1}).epochs == 3);
  CHECK(stopped({.patience = 3, .restore_best_weights = true}, {NAN, NAN, 9, 16, 4}) ==
        Stopped{5, 4, 4});
  CHECK(stopped({.patience = 1}, {NAN, NAN, 9, 16, 4}).epochs == 2);
}

TEST_CASE("EarlyStopping knows which way is better by the log's name") {
  for (const char* log : {"val_auc", "binary_accuracy", "val_pearson_correlation", "precision"}) {
    CHECK(larger_is_better(log, Direction::automatic, "X"));
    CHECK_FALSE(larger_is_better(log, Direction::smaller, "X"));
  }
  CHECK_FALSE(larger_is_better("val_loss", Direction::automatic, "X"));
  CHECK_FALSE(larger_is_better("mean_squared_error", Direction::automatic, "X"));
  CHECK(larger_is_better("val_loss", Direction::larger, "X"));
}

TEST_CASE("EarlyStopping: what doesn't fit is refused") {
  CHECK(message_of([] { EarlyStopping({.patience = -1}); }) ==
        "EarlyStopping: patience is at least 0, got -1");
  CHECK(message_of([] { EarlyStopping({.min_delta = -0.5}); }) ==
        "EarlyStopping: min_delta is at least 0, got -0.5");
  CHECK(message_of([] { stopped({.monitor = "val_auc"}, {1, 2}); }) ==
        "EarlyStopping: there is no log \"val_auc\", there are loss, val_loss; give fit "
        "validation_data, or another .monitor");
  CHECK(message_of([] { EarlyStopping({.monitor = "val_x"}); }) ==
        "EarlyStopping: monitor \"val_x\": whether larger is better can't be told from its name; "
        "say .mode = Direction::larger or Direction::smaller");
}
