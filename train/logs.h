// What training reports: named numbers, and their history over the epochs.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace kindling {

// In the order of reporting: loss, metrics, then the same of the validation data, "val_" before.
class Logs {
 public:
  void set(const std::string& name, double value);
  bool contains(const std::string& name) const;
  std::string names() const;  // for messages: "loss, auc"
  double operator[](const std::string& name) const;  // fails on a name that isn't there
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }
  bool empty() const { return values_.empty(); }

 private:
  std::vector<std::pair<std::string, double>> values_;
};

// What fit() returns: the logs of each epoch.
struct History {
  std::vector<Logs> epochs;
  // One log over the epochs: history["val_auc"].
  std::vector<double> operator[](const std::string& name) const;
};

}  // namespace kindling
