// What training reports: named numbers, and their history over the epochs.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <kindling/layers/config.h>

#pragma GCC visibility push(default)
namespace kindling {

// In the order of reporting: loss, metrics, then the same of the validation data, "val_" before.
class Logs {
 public:
  Logs() = default;
  // Worked out when somebody looks.
  explicit Logs(std::function<Logs()> make) : make_(std::move(make)) {}
  // A copy is numbers: what they are worked out from may be gone.
  Logs(const Logs& other) : values_(other.values()) {}
  Logs& operator=(const Logs& other) {
    values_ = other.values();
    make_ = nullptr;
    return *this;
  }
  void set(const std::string& name, double value);
  bool contains(const std::string& name) const;
  std::string names() const;  // for messages: "loss, auc"
  double operator[](const std::string& name) const;  // fails on a name that isn't there
  auto begin() const { return values().begin(); }
  auto end() const { return values().end(); }
  bool empty() const { return values().empty(); }

 private:
  using Values = std::vector<std::pair<std::string, double>>;
  Values& values() const;
  mutable Values values_;
  mutable std::function<Logs()> make_;  // until it has been called
};

Config to_config(const Logs& logs);
void from_config(const Config& config, Logs& logs, const std::string& what);

// What fit() returns: the logs of each epoch.
struct History {
  std::vector<Logs> epochs;
  // One log over the epochs: history["val_auc"].
  std::vector<double> operator[](const std::string& name) const;
};

}  // namespace kindling
#pragma GCC visibility pop
