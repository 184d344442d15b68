#include <kindling/train/monitor.h>

#include <cmath>

#include <kindling/tensor/fail.h>

namespace kindling {

bool larger_is_better(const std::string& log, Direction mode, const std::string& who) {
  if (mode != Direction::automatic) return mode == Direction::larger;
  for (const char* word : {"loss", "error", "crossentropy", "divergence", "hinge", "poisson"}) {
    if (log.find(word) != std::string::npos) return false;
  }
  for (const char* word : {"auc", "accuracy", "correlation", "pearson", "spearman", "precision",
                           "recall", "f1", "fbeta", "r2", "reciprocal_rank", "specificity",
                           "sensitivity", "similarity"}) {
    if (log.find(word) != std::string::npos) return true;
  }
  fail("{}: monitor \"{}\": whether larger is better can't be told from its name; say "
       ".mode = Direction::larger or Direction::smaller", who, log);
}

Monitor::Monitor(std::string who, std::string log, Direction mode, double min_delta,
                 std::optional<double> baseline)
    : who_(std::move(who)),
      log_(std::move(log)),
      larger_(larger_is_better(log_, mode, who_)),
      min_delta_(min_delta),
      baseline_(baseline),
      best_(baseline) {
  if (!(min_delta >= 0)) fail("{}: min_delta is at least 0, got {}", who_, min_delta);
}

bool Monitor::better(const Logs& logs) {
  if (!logs.contains(log_)) {
    fail("{}: there is no log \"{}\", there are {}; give fit validation_data, or another .monitor",
         who_, log_, logs.names());
  }
  const double value = logs[log_];
  if (std::isnan(value)) return false;
  if (best_ && !((larger_ ? value - *best_ : *best_ - value) > min_delta_)) return false;
  best_ = value;
  return true;
}

}  // namespace kindling
