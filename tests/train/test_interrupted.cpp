// Runs that end before their time: by a signal, by an error; and to whom a callback belongs.
#include <csignal>
#include <filesystem>
#include <thread>

#include "tests/data/temporary_folder.h"
#include "tests/train/small_run.h"

using namespace kindling;

namespace {

namespace fs = std::filesystem;

// Sends a signal after so many batches in all.
Callback signal_after(int batches, int signal = SIGINT) {
  return LambdaCallback({.on_train_batch_end = [=](std::int64_t, const Logs&) mutable {
    if (--batches == 0) std::raise(signal);
  }});
}

}  // namespace

TEST_CASE("A run that a signal stops ends after its batch, and goes on to the same bits") {
  Model through = small_model();
  const History expected = trained(through, {});
  // In the midst of an epoch, and at its last batch.
  for (const int batches : {7, 5}) {
    CAPTURE(batches);
    const TemporaryFolder folder;
    const BackupAndRestore backup({.backup_dir = folder.path()});
    {
      const StopOnSignal stop;
      CHECK(stop.signal() == 0);
      Model model = small_model();
      const History first = trained(model, {backup, signal_after(batches), stop});
      CHECK(stop.signal() == SIGINT);
      CHECK(std::ssize(first.epochs) == (batches - 1) / 5);
      CHECK(fs::exists(folder.file("run.safetensors")));
      // One that was caught before fit lets it train nothing, and the backup stays.
      Model again = small_model();
      CHECK(trained(again, {backup, signal_after(0), stop}).epochs.size() == first.epochs.size());
      CHECK(fs::exists(folder.file("run.safetensors")));
    }
    const StopOnSignal stop({.signals = {SIGTERM}});
    CHECK(stop.signal() == 0);
    Model model = small_model();
    const History history = trained(model, {backup, signal_after(0), stop});
    CHECK(history["val_loss"] == expected["val_loss"]);
    CHECK(same_bits(model.weights()[0].value, through.weights()[0].value));
    CHECK_FALSE(fs::exists(folder.file("run.safetensors")));
  }
}

TEST_CASE("StopOnSignal leaves signals as it found them") {
  const auto action = [](int signal) {
    struct sigaction now = {};
    ::sigaction(signal, nullptr, &now);
    return now.sa_handler;
  };
  const auto before = action(SIGTERM);
  std::signal(SIGHUP, SIG_IGN);
  {
    const StopOnSignal stop({.signals = {SIGTERM, SIGHUP}});
    CHECK(action(SIGTERM) != before);
    CHECK(action(SIGHUP) == SIG_IGN);
    std::raise(SIGHUP);
    CHECK(stop.signal() == 0);
    std::raise(SIGTERM);
    CHECK(stop.signal() == SIGTERM);
    CHECK(action(SIGTERM) == SIG_DFL);  // a second one would end the program
  }
  CHECK(action(SIGTERM) == before);
  std::signal(SIGHUP, SIG_DFL);
  CHECK(message_of([] { StopOnSignal({.signals = {SIGTERM, SIGKILL}}); }) ==
        "StopOnSignal: signal 9 cannot be caught, Invalid argument");
  CHECK(action(SIGTERM) == before);
}

TEST_CASE("A callback serves one fit at a time") {
  Model model = small_model(), inner = small_model();
  const EarlyStopping stopping({.patience = 5});
  std::string refused;
  const LambdaCallback nested({.on_epoch_end = [&](int, Logs&) {
    refused = message_of([&] { trained(inner, {TerminateOnNaN(), stopping}); });
  }});
  const char* const in_use =
      "Functional \"m\": fit: a callback serves one fit at a time, and callback 1 is in use, by "
      "another fit or twice in this one; make one for each";
  CHECK(trained(model, {nested, stopping}, 2).epochs.size() == 2);
  CHECK(refused == in_use);
  CHECK(message_of([&] { trained(model, {stopping, stopping}); }) == in_use);
  std::string elsewhere;
  const LambdaCallback other({.on_train_begin = [&](Model&) {
    std::thread([&] {
      elsewhere = message_of([&] { trained(inner, {TerminateOnNaN(), stopping}); });
    }).join();
  }});
  trained(model, {other, stopping}, 1);
  CHECK(elsewhere == in_use);
  // It is free again, also after an error.
  const LambdaCallback fails({.on_epoch_begin = [](int) { throw std::runtime_error("no"); }});
  CHECK_THROWS(trained(model, {stopping, fails}));
  CHECK(trained(inner, {stopping}, 2).epochs.size() == 2);
}

TEST_CASE("Callbacks that are nothing, and runs that are over, are errors") {
  CHECK(message_of([] { Callback(nullptr); }) ==
        "Callback: an object is needed, got a null pointer");
  CHECK(message_of([] { Callback(std::shared_ptr<EarlyStoppingImpl>()); }) ==
        "Callback: an object is needed, got a null pointer");
  Callback moved = TerminateOnNaN();
  const Callback to = std::move(moved);
  Model model = small_model();
  CHECK(message_of([&] { trained(model, {moved}); }) ==
        "Callback: is empty, it has been moved from");
  const EarlyStopping stopping({.monitor = "loss"});
  trained(model, {stopping}, 1);
  Logs logs;
  logs.set("loss", 1);
  CHECK(message_of([&] { stopping->on_epoch_end(1, logs); }) ==
        "Callback: run() is there while fit calls it, and fit doesn't run");
}
