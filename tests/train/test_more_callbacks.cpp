// Callbacks that set the learning rate, write logs and keep checkpoints.
#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>

#include <kindling/io/file.h>
#include <kindling/io/state_file.h>

#include "tests/data/temporary_folder.h"
#include "tests/tensors.h"
#include "tests/train/net.h"

using namespace kindling;

namespace {

namespace fs = std::filesystem;

// y = w x, whose loss at each epoch is as told: the weight is set before it.
struct Told {
  Model model = [] {
    const auto input = Input({.shape = {1}});
    Model m(input, Dense({.units = 1, .use_bias = false, .name = "d"})(input), "m");
    m.compile({.optimizer = SGD({.learning_rate = 0.5}), .loss = MeanSquaredError()});
    return m;
  }();
  History fit(const std::vector<double>& losses, std::vector<Callback> callbacks) {
    // Training is on x = 0, so that it doesn't change the weight.
    const LambdaCallback set({.on_epoch_begin = [&](int epoch) {
      Tensor w = model.weights()[0].value;
      const double loss = losses[static_cast<std::size_t>(epoch)];
      w.mutable_floats()[0] = static_cast<float>(std::sqrt(loss));
    }});
    callbacks.insert(callbacks.begin(), set);
    return model.fit(from_tensors({zeros({4, 1})}, zeros({4, 1})),
                     {.epochs = static_cast<int>(losses.size()),
                      .verbose = Verbose::silent,
                      .callbacks = callbacks,
                      .validation_data = from_tensors({ones({2, 1})}, zeros({2, 1}))});
  }
};

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

TEST_CASE("Learning rates: set by epoch, or when nothing becomes better") {
  Told told;
  const History history = told.fit(
      {1, 1, 1}, {LearningRateScheduler({.schedule = [](int epoch, double rate) {
                    return epoch == 0 ? rate : rate / 2;
                  }})});
  CHECK(history["learning_rate"] == std::vector<double>{0.5, 0.25, 0.125});

  Told other;
  const std::vector<double> rates =
      other.fit({9, 4, 4, 4, 4, 4, 1, 1}, {ReduceLROnPlateau({.factor = 0.1,
                                                              .patience = 2,
                                                              .cooldown = 1,
                                                              .min_lr = 0.01})})["learning_rate"];
  // Better at 0, 1 and 6; changed after 3 and, one epoch to cool down, after 5.
  const std::vector<double> expected = {0.5, 0.5, 0.5, 0.5, 0.05, 0.05, 0.01, 0.01};
  REQUIRE(rates.size() == expected.size());
  for (std::size_t i = 0; i < rates.size(); ++i) CHECK(rates[i] == Approx(expected[i]));
}

TEST_CASE("TerminateOnNaN ends training at the batch") {
  Told told;
  const Tensor x = full({4, 1}, 1e30);
  const History history = told.model.fit(
      {x}, zeros({4, 1}), {.batch_size = 1, .epochs = 3, .verbose = Verbose::silent,
                           .callbacks = {TerminateOnNaN()}});
  CHECK(history.epochs.size() == 1);
}

TEST_CASE("CSVLogger writes a line an epoch, and appends") {
  const TemporaryFolder folder;
  Told told;
  told.fit({4, 1}, {CSVLogger({.filename = folder.file("log.csv")})});
  CHECK(read_file(folder.file("log.csv")) == "epoch,loss,val_loss\n0,0,4\n1,0,1\n");
  told.fit({9}, {CSVLogger({.filename = folder.file("log.csv"), .append = true})});
  CHECK(read_file(folder.file("log.csv")) == "epoch,loss,val_loss\n0,0,4\n1,0,1\n0,0,9\n");
  CHECK(message_of([&] { told.fit({9}, {CSVLogger({.filename = folder.path()})}); }) ==
        folder.path() + ": cannot be written, Is a directory");
}

TEST_CASE("ModelCheckpoint keeps the best, or the latest") {
  const TemporaryFolder folder;
  Told told;
  told.fit({9, 4, 16, 1}, {ModelCheckpoint({.filepath = folder.file("best-{epoch}-{val_loss:.1f}"),
                                            .save_best_only = true})});
  CHECK(names_in(folder.path()) ==
        std::vector<std::string>{"best-1-9.0", "best-2-4.0", "best-4-1.0"});
  const TemporaryFolder latest;
  told.fit({9, 4, 16, 1}, {ModelCheckpoint({.filepath = latest.file("{epoch:02d}.safetensors"),
                                            .save_weights_only = true,
                                            .keep = 2})});
  CHECK(names_in(latest.path()) == std::vector<std::string>{"03.safetensors", "04.safetensors"});
  told.model.load_weights(latest.file("03.safetensors"));
  CHECK(told.model.weights()[0].value.floats()[0] == 4);
  CHECK(message_of([&] { told.fit({1}, {ModelCheckpoint({.filepath = "{val_auc}"})}); }) ==
        "ModelCheckpoint: filepath \"{val_auc}\" does not fit, argument not found; there are "
        "epoch, batch, loss, val_loss");
}

TEST_CASE("TensorBoard's files: records with their sums, numbers with tags and steps") {
  CHECK(crc32c("123456789") == 0xe3069283u);
  const TemporaryFolder folder;
  Told told;
  told.fit({4, 1}, {TensorBoard({.log_dir = folder.path()})});
  REQUIRE(names_in(folder.path()) == std::vector<std::string>{"train", "validation"});
  const std::string file = folder.file("validation/" + names_in(folder.file("validation"))[0]);
  const std::string bytes = read_file(file);
  std::vector<std::string> events;
  for (std::size_t at = 0; at < bytes.size();) {
    std::uint64_t length = 0;
    std::uint32_t sum = 0;
    std::memcpy(&length, bytes.data() + at, 8);
    std::memcpy(&sum, bytes.data() + at + 8, 4);
    CHECK(sum == std::rotr(crc32c(bytes.substr(at, 8)), 15) + 0xa282ead8u);
    events.push_back(bytes.substr(at + 12, length));
    std::memcpy(&sum, bytes.data() + at + 12 + length, 4);
    CHECK(sum == std::rotr(crc32c(events.back()), 15) + 0xa282ead8u);
    at += 16 + length;
  }
  REQUIRE(events.size() == 3);
  CHECK(events[0].substr(9) == std::string("\x1a\x0d", 2) + "brain.Event:2");
  // step 1; summary {value {tag "epoch_loss", simple_value 1}}
  CHECK(events[2].substr(9) == std::string("\x10\x01\x2a\x13\x0a\x11\x0a\x0a", 8) + "epoch_loss" +
                                   std::string("\x15\x00\x00\x80\x3f", 5));
}

TEST_CASE("States come back from a file bit for bit") {
  const TemporaryFolder folder;
  const Config state = Config::Map{{"numbers", Config::List{0.1, -INFINITY, std::int64_t{7}}},
                                   {"inside", Config::Map{{"w", normals({3, 2}, 1)}}},
                                   {"none", Config()}};
  write_state(folder.file("s"), state);
  const Config again = read_state(folder.file("s"));
  CHECK(again["numbers"].str() == state["numbers"].str());
  CHECK(same_bits(again["inside"]["w"].as_tensor("w"), state["inside"]["w"].as_tensor("w")));
  folder.write("t", read_file(folder.file("s")).substr(0, 60));
  CHECK(message_of([&] { read_state(folder.file("t")); }).starts_with(folder.file("t") + ": "));
  CHECK(message_of([&] {
          Told().fit({1}, {BackupAndRestore({.backup_dir = folder.write("file", "")})});
        }).starts_with(folder.file("file") + ": cannot be made"));
}

TEST_CASE("Logs that a callback keeps stay what they were") {
  Told told;
  std::vector<Logs> seen;
  const LambdaCallback keep({.on_train_batch_end = [&](std::int64_t, const Logs& logs) {
    seen.push_back(logs);
  }});
  told.model.fit({tensor({{1.0}, {2.0}})}, zeros({2, 1}),
                 {.batch_size = 1, .verbose = Verbose::silent, .callbacks = {keep},
                  .shuffle = false});
  REQUIRE(seen.size() == 2);
  CHECK(seen[0]["loss"] != seen[1]["loss"]);
}

TEST_CASE("A run that is validated now and then: what waits for a validation waits") {
  const TemporaryFolder folder;
  Told told;
  const EarlyStopping stop({.patience = 1});
  const History history = told.model.fit(
      {ones({4, 1})}, zeros({4, 1}),
      {.epochs = 4, .verbose = Verbose::silent,
       .callbacks = {stop, ReduceLROnPlateau(), CSVLogger({.filename = folder.file("log.csv")})},
       .validation_data = from_tensors({ones({2, 1})}, zeros({2, 1})), .validation_freq = 2});
  CHECK(history.epochs.size() == 4);
  CHECK(stop.best_epoch() == 1);  // the first that was validated
  const std::string log = read_file(folder.file("log.csv"));
  CHECK(log.starts_with("epoch,loss,learning_rate,val_loss"));
}

TEST_CASE("A baseline doesn't hide the best epoch; a backup alone keeps the history") {
  Told told;
  const EarlyStopping stop({.patience = 9, .baseline = 0.1, .restore_best_weights = true});
  told.fit({9, 4, 1, 4}, {stop});
  CHECK(stop.best_epoch() == 2);
  const TemporaryFolder folder;
  const BackupAndRestore backup({.backup_dir = folder.path(), .delete_checkpoint = false});
  const History first = told.model.fit({ones({4, 1})}, zeros({4, 1}),
                                       {.epochs = 2, .verbose = Verbose::silent,
                                        .callbacks = {backup}});
  const History again = told.model.fit({ones({4, 1})}, zeros({4, 1}),
                                       {.epochs = 3, .verbose = Verbose::silent,
                                        .callbacks = {backup}});
  CHECK(again.epochs.size() == 3);
  CHECK(again["loss"][1] == first["loss"][1]);
}
