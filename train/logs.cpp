#include <kindling/train/logs.h>

#include <algorithm>

#include <kindling/tensor/fail.h>

namespace kindling {

void Logs::set(const std::string& name, double value) {
  const auto at = std::ranges::find(values_, name, &std::pair<std::string, double>::first);
  if (at != values_.end()) {
    at->second = value;
  } else {
    values_.emplace_back(name, value);
  }
}

bool Logs::contains(const std::string& name) const {
  return std::ranges::find(values_, name, &std::pair<std::string, double>::first) !=
         values_.end();
}

double Logs::operator[](const std::string& name) const {
  std::string known;
  for (const auto& [key, value] : values_) {
    if (key == name) return value;
    known += (known.empty() ? "" : ", ") + key;
  }
  fail("Logs: no \"{}\" is logged, there are {}", name, known.empty() ? "none" : known);
}

std::vector<double> History::operator[](const std::string& name) const {
  std::vector<double> values;
  for (const Logs& logs : epochs) values.push_back(logs[name]);
  return values;
}

}  // namespace kindling
