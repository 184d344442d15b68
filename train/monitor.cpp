#include <kindling/train/monitor.h>

#include <algorithm>
#include <cmath>

#include <fmt/ranges.h>

#include <kindling/tensor/fail.h>

namespace kindling {

bool larger_is_better(const std::string& log, Direction mode, const std::string& who) {
  if (mode != Direction::automatic) return mode == Direction::larger;
  // The last word of those that tell: before it may stand the name of an output.
  std::size_t last = 0;
  std::optional<bool> larger;
  const auto look = [&](bool result, std::initializer_list<const char*> words) {
    for (const char* word : words) {
      const std::size_t at = log.rfind(word);
      if (at == std::string::npos || (larger && at < last)) continue;
      last = at;
      larger = result;
    }
  };
  look(false, {"loss", "error", "crossentropy", "divergence", "hinge", "poisson"});
  look(true, {"auc", "acc", "correlation", "pearson", "spearman", "precision", "recall", "f1",
              "fbeta", "r2", "reciprocal_rank", "specificity", "sensitivity", "similarity"});
  if (larger) return *larger;
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
  if (baseline && std::isnan(*baseline)) fail("{}: nothing is better than NaN", who_);
}

bool Monitor::beats(double number) const {
  return best_ && (larger_ ? *best_ > number : *best_ < number);
}

void Monitor::check(const std::optional<std::vector<std::string>>& logs) const {
  if (!logs || std::ranges::find(*logs, log_) != logs->end()) return;
  fail("{}: there is no log \"{}\", there are {}; give fit validation_data, or another .monitor",
       who_, log_, fmt::format("{}", fmt::join(*logs, ", ")));
}

bool Monitor::better(const Logs& logs) {
  if (!logs.contains(log_)) {
    std::vector<std::string> names;
    for (const auto& [name, value] : logs) names.push_back(name);
    check(names);
  }
  const double value = logs[log_];
  if (std::isnan(value)) return false;
  if (best_ && !((larger_ ? value - *best_ : *best_ - value) > min_delta_)) return false;
  best_ = value;
  return true;
}

void Monitor::state(Fields& f) {
  f("best", best_);
  if (!f.reading() || !best_ || !std::isnan(*best_)) return;
  fail("{}: the best \"{}\" so far is NaN", who_, log_);
}

}  // namespace kindling
