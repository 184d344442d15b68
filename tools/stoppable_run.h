// A training that Ctrl-C stops after its batch, and that the same command goes on with; a loss that
// is no number ends it, too.
//
//   StoppableRun run("backup");
//   run.finish(model.fit(train, {.epochs = 20, .callbacks = run.with({EarlyStopping({})})}));
#pragma once

#include <string>
#include <vector>

#include <kindling/train/callback.h>
#include <kindling/train/model.h>
#include <kindling/train/stop_on_signal.h>

namespace kindling {

class StoppableRun {
 public:
  // The run is kept in this folder, and taken up from there if it was kept before; in none if it is
  // empty. `data` tells apart what the command's options don't, the texts in a file, say.
  explicit StoppableRun(std::string folder, std::string data = {});
  // The callbacks for fit: those that keep and stop the run, and these.
  std::vector<Callback> with(std::vector<Callback> callbacks) const;
  // After fit. If it was stopped, throws what lets run_program say how to go on; throws also if the
  // loss became NaN or infinite.
  void finish(const History& history) const;

 private:
  std::string folder_, data_;
  StopOnSignal stop_;
};

}  // namespace kindling
