#include <kindling/train/logs.h>

#include <algorithm>

#include <kindling/tensor/fail.h>

namespace kindling {

Logs::Values& Logs::values() const {
  if (make_) {
    values_ = make_().values();
    make_ = nullptr;
  }
  return values_;
}

void Logs::set(const std::string& name, double value) {
  const auto at = std::ranges::find(values(), name, &std::pair<std::string, double>::first);
  if (at != values().end()) {
    at->second = value;
  } else {
    values().emplace_back(name, value);
  }
}

bool Logs::contains(const std::string& name) const {
  return std::ranges::find(values(), name, &std::pair<std::string, double>::first) !=
         values().end();
}

double Logs::operator[](const std::string& name) const {
  for (const auto& [key, value] : values()) {
    if (key == name) return value;
  }
  fail("Logs: no \"{}\" is logged, there are {}", name, names());
}

std::string Logs::names() const {
  std::string list;
  for (const auto& [key, value] : values()) list += (list.empty() ? "" : ", ") + key;
  return list.empty() ? "none" : list;
}

Config to_config(const Logs& logs) {
  Config::List list;
  for (const auto& [name, value] : logs) list.push_back(Config::List{name, value});
  return list;
}

void from_config(const Config& config, Logs& logs, const std::string& what) {
  for (const Config& entry : config.as_list(what)) {
    const Config::List& pair = entry.as_list(what);
    if (pair.size() != 2) fail("{}: [name, value] is needed, got {}", what, entry.str());
    logs.set(pair[0].as_string(what), pair[1].as_double(what));
  }
}

std::vector<double> History::operator[](const std::string& name) const {
  std::vector<double> values;
  for (const Logs& logs : epochs) values.push_back(logs[name]);
  return values;
}

}  // namespace kindling
