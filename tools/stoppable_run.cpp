#include "stoppable_run.h"

#include <cmath>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <kindling/tensor/fail.h>
#include <kindling/tensor/shown.h>
#include <kindling/train/checkpoints.h>

#include "program.h"

namespace kindling {
namespace {

// Part of what is kept of a run, so that no other one goes on with it.
class SameRun : public CallbackImpl {
 public:
  SameRun(std::string run, std::string folder) : run_(std::move(run)), folder_(std::move(folder)) {}
  void state(Fields& f) override {
    std::string kept = run_;
    f("run", kept);
    if (kept != run_) {
      fail("{} holds a run that was stopped, and its options or data were others; give the same "
           "ones, or delete the folder to start anew", folder_);
    }
  }

 private:
  std::string run_, folder_;
};

}  // namespace

StoppableRun::StoppableRun(std::string folder, std::string data)
    : folder_(std::move(folder)), data_(std::move(data)) {}

std::vector<Callback> StoppableRun::with(std::vector<Callback> callbacks) const {
  callbacks.insert(callbacks.begin(), {TerminateOnNaN(), stop_});
  if (folder_.empty()) return callbacks;
  if (std::filesystem::exists(folder_ + "/run.safetensors")) {
    fmt::print("Going on with the run that is in {}\n", shown(folder_));
  }
  callbacks.push_back(
      Callback(std::make_shared<SameRun>(program_command() + "\n" + data_, folder_)));
  callbacks.push_back(BackupAndRestore({.backup_dir = folder_}));
  return callbacks;
}

void StoppableRun::finish(const History& history) const {
  if (stop_.signal() != 0) {
    throw Stopped(stop_.signal(),
                  folder_.empty()
                      ? "stopped; with --backup FOLDER, the same command would go on from here"
                      : "stopped; the same command goes on from here, with the run in " + folder_);
  }
  for (std::size_t epoch = 0; epoch < history.epochs.size(); ++epoch) {
    if (std::isfinite(history.epochs[epoch]["loss"])) continue;
    fail("the loss became NaN or infinite in epoch {}; a smaller --learning-rate may help",
         epoch + 1);
  }
  std::error_code not_empty;  // others' files stay
  if (!folder_.empty()) std::filesystem::remove(folder_, not_empty);
}

}  // namespace kindling
