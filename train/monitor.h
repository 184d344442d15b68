// Monitor: whether a log has become better. For callbacks that watch one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <kindling/layers/config.h>
#include <kindling/train/logs.h>

#pragma GCC visibility push(default)
namespace kindling {

enum class Direction { automatic, smaller, larger };  // Keras's mode: auto, min, max

// Whether larger is better: as told, or by the log's name (accuracy, auc, correlation, precision
// and the like: larger; loss, error, crossentropy and the like: smaller; fails on any other).
// `who` asks.
bool larger_is_better(const std::string& log, Direction mode, const std::string& who);

class Monitor {
 public:
  Monitor(std::string who, std::string log, Direction mode, double min_delta,
          std::optional<double> baseline = {});
  // Fails if none of the logs has its name.
  void check(const std::optional<std::vector<std::string>>& logs) const;  // nothing: not known yet
  // Looks at the log; fails if there is none of its name. Whether it is better than the best so far
  // by more than min_delta: then it is the best. NaN never is.
  bool better(const Logs& logs);
  // Whether the best so far is better than a number.
  bool beats(double number) const;
  void forget() { best_ = baseline_; }
  const std::optional<double>& best() const { return best_; }
  void state(Fields& f);

 private:
  std::string who_, log_;
  bool larger_;
  double min_delta_;
  std::optional<double> baseline_, best_;
};

}  // namespace kindling
#pragma GCC visibility pop
