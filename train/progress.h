// Progress of fit(): a bar that moves on a terminal, a line an epoch elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <kindling/tensor/function_ref.h>
#include <kindling/train/logs.h>
#include <kindling/train/model.h>

#pragma GCC visibility push(default)
namespace kindling {

class Progress {
 public:
  Progress(Verbose verbose, int epochs);

  // Onto standard output. Training goes on if that can't be written; its error flag stays set, for
  // the program to see at its end.
  static void print(const std::string& text);

  // `steps` is -1 where it is not known; `done` are done already, where a run is taken up.
  void start_epoch(int epoch, std::int64_t steps, std::int64_t done);
  // After a step; draws at most ten times a second.
  void step(std::int64_t done, FunctionRef<Logs()> logs);
  void finish_epoch(std::int64_t done, const Logs& logs);
  // Of one that goes on in a later run.
  void leave_epoch();

 private:
  using Clock = std::chrono::steady_clock;
  std::string line(std::int64_t done, const Logs& logs, bool finished) const;

  Verbose verbose_;
  int epochs_;
  int epoch_ = 0;
  std::int64_t steps_ = 0, first_ = 0;
  Clock::time_point start_, drawn_;
};

}  // namespace kindling
#pragma GCC visibility pop
