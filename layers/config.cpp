#include <kindling/layers/config.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include <kindling/layers/config_value.h>
#include <kindling/tensor/fail.h>
#include <kindling/tensor/parse_double.h>

namespace kindling {
namespace {

void write(const Config& config, std::string& out) {
  struct Writer {
    std::string& out;
    void operator()(std::monostate) { out += "null"; }
    void operator()(bool v) { out += v ? "true" : "false"; }
    void operator()(std::int64_t v) { out += std::to_string(v); }
    void operator()(double v) { out += fmt::format("{}", v); }
    void operator()(const std::string& v) { out += '"' + v + '"'; }
    void operator()(const Tensor& v) { out += "tensor " + v.shape().str(); }
    void operator()(const Config::List& v) {
      out += '[';
      for (std::size_t i = 0; i < v.size(); ++i) {
        if (i > 0) out += ", ";
        write(v[i], out);
      }
      out += ']';
    }
    void operator()(const Config::Map& v) {
      out += '{';
      for (std::size_t i = 0; i < v.size(); ++i) {
        if (i > 0) out += ", ";
        out += '"' + v[i].first + "\": ";
        write(v[i].second, out);
      }
      out += '}';
    }
  };
  std::visit(Writer{out}, config.value());
}

template <class T>
const T& as(const Config& config, const std::string& what, const char* kind) {
  const T* value = std::get_if<T>(&config.value());
  if (value == nullptr) fail("{}: {} is needed, got {}", what, kind, config.str());
  return *value;
}

template <class T>
Config list_of(const std::vector<T>& values) {
  Config::List list;
  for (const T& value : values) list.emplace_back(value);
  return list;
}

template <class T, class Read>
void read_list(const Config& config, std::vector<T>& values, const std::string& what, Read read) {
  values.clear();
  for (const Config& each : config.as_list(what)) values.push_back((each.*read)(what));
}

constexpr Word<Padding> paddings[] = {
    {Padding::valid, "valid"}, {Padding::same, "same"}, {Padding::causal, "causal"}};
constexpr Word<DataFormat> formats[] = {{DataFormat::channels_last, "channels_last"},
                                        {DataFormat::channels_first, "channels_first"}};

}  // namespace

Config::Config(bool v) : value_(std::make_shared<const Value>(v)) {}
Config::Config(std::int64_t v) : value_(std::make_shared<const Value>(v)) {}
Config::Config(double v) : value_(std::make_shared<const Value>(v)) {}
Config::Config(std::string v) : value_(std::make_shared<const Value>(std::move(v))) {}
Config::Config(List v) : value_(std::make_shared<const Value>(std::move(v))) {}
Config::Config(Map v) : value_(std::make_shared<Value>(std::move(v))) {}  // not const: set()

Config::Config(const Tensor& v)
    : value_(v.defined() ? std::make_shared<const Value>(v) : nullptr) {}

const Config::Value& Config::value() const {
  static const Value null;
  return value_ ? *value_ : null;
}

bool Config::is_string() const { return std::holds_alternative<std::string>(value()); }
bool Config::is_list() const { return std::holds_alternative<List>(value()); }
bool Config::is_map() const { return std::holds_alternative<Map>(value()); }

bool Config::as_bool(const std::string& what) const {
  return as<bool>(*this, what, "true or false");
}

std::int64_t Config::as_int(const std::string& what) const {
  if (const List* list = std::get_if<List>(&value()); list && list->size() == 1) {
    return (*list)[0].as_int(what);
  }
  return as<std::int64_t>(*this, what, "a whole number");
}

int Config::as_int32(const std::string& what) const {
  const std::int64_t value = as_int(what);
  if (!std::in_range<int>(value)) {
    fail("{}: a whole number of 32 bits is needed, got {}", what, value);
  }
  return static_cast<int>(value);
}

double Config::as_double(const std::string& what) const {
  if (const auto* whole = std::get_if<std::int64_t>(&value())) return static_cast<double>(*whole);
  return as<double>(*this, what, "a number");
}

const std::string& Config::as_string(const std::string& what) const {
  return as<std::string>(*this, what, "a text");
}
const Config::List& Config::as_list(const std::string& what) const {
  return as<List>(*this, what, "a list");
}
const Config::Map& Config::as_map(const std::string& what) const {
  return as<Map>(*this, what, "an object");
}
const Tensor& Config::as_tensor(const std::string& what) const {
  return as<Tensor>(*this, what, "a tensor");
}

const Config& Config::operator[](const std::string& key) const {
  static const Config null;
  if (const Map* map = std::get_if<Map>(&value())) {
    const auto at = std::ranges::find(*map, key, &Map::value_type::first);
    if (at != map->end()) return at->second;
  }
  return null;
}

// A map of many entries isn't copied for each that is put in.
Config::Map& Config::own_map() {
  if (is_null() || value_.use_count() > 1) {
    *this = is_null() ? Map() : Map(std::get<Map>(this->value()));
  }
  return std::get<Map>(const_cast<Value&>(*value_));
}

void Config::set(const std::string& key, Config value) {
  Map& map = own_map();
  const auto at = std::ranges::find(map, key, &Map::value_type::first);
  if (at != map.end()) {
    at->second = std::move(value);
  } else {
    map.emplace_back(key, std::move(value));
  }
}

std::string Config::str() const {
  std::string text;
  write(*this, text);
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}

// The states of a model of thousands of layers have an entry for each.
void Fields::find_places(const Config& config) {
  const auto* map = std::get_if<Config::Map>(&config.value());
  if (map == nullptr || !places_.empty()) return;
  for (std::size_t i = 0; i < map->size(); ++i) places_.emplace((*map)[i].first, i);
  seen_.resize(map->size());
}

void Fields::put(const char* name, Config value) {
  find_places(*write_);
  Config::Map& map = write_->own_map();
  const auto [at, fresh] = places_.try_emplace(name, map.size());
  if (fresh) {
    map.emplace_back(name, std::move(value));
  } else {
    map[at->second].second = std::move(value);
  }
}

const Config* Fields::get(const char* name) {
  find_places(*read_);
  const auto at = places_.find(name);
  if (at == places_.end()) return nullptr;
  seen_[at->second] = true;
  const Config& found = std::get<Config::Map>(read_->value())[at->second].second;
  return found.is_null() ? nullptr : &found;
}

bool Fields::is_null(const std::string& name) const {
  if (!reading()) return false;
  const Config::Map& map = read_->as_map(who_);
  const auto at = std::ranges::find(map, name, &Config::Map::value_type::first);
  return at != map.end() && at->second.is_null();
}

std::string Fields::what(const char* name) const { return who_ + ": " + name; }

void Fields::missing(const char* name) const {
  fail("{}: the option \"{}\" is required", who_, name);
}

void Fields::operator()(const char* name, bool& value) {
  if (!reading()) return put(name, value);
  if (const Config* found = get(name)) value = found->as_bool(what(name));
}
void Fields::operator()(const char* name, int& value) {
  if (!reading()) return put(name, value);
  if (const Config* found = get(name)) value = found->as_int32(what(name));
}
void Fields::operator()(const char* name, std::int64_t& value) {
  if (!reading()) return put(name, value);
  if (const Config* found = get(name)) value = found->as_int(what(name));
}
void Fields::operator()(const char* name, double& value) {
  if (!reading()) return put(name, value);
  if (const Config* found = get(name)) value = found->as_double(what(name));
}
void Fields::operator()(const char* name, float& value) {
  // The shortest decimal that reads back as the same float: 0.1, not 0.10000000149.
  double wide = static_cast<double>(value);
  if (!reading()) parse_double(fmt::format("{}", value), wide);
  (*this)(name, wide);
  if (!reading()) return;
  if (std::isfinite(wide) && !std::isfinite(static_cast<float>(wide))) {
    fail("{}: a number that float32 has is needed, got {}", what(name), wide);
  }
  value = static_cast<float>(wide);
}
void Fields::operator()(const char* name, std::string& value) {
  if (!reading()) return put(name, value);
  if (const Config* found = get(name)) value = found->as_string(what(name));
}

void Fields::operator()(const char* name, Config& value) {
  if (!reading()) return put(name, value);
  if (const Config* found = get(name)) value = *found;
}

void Fields::fixed(const char* name, Config only) {
  if (!reading()) return put(name, std::move(only));
  const Config* found = get(name);
  if (found != nullptr && found->str() != only.str()) {
    fail("{}: only {} is supported, got {}", what(name), only.str(), found->str());
  }
}

void Fields::finish() const {
  const Config::Map& map = read_->as_map(who_);
  for (std::size_t i = 0; i < map.size(); ++i) {
    const auto& [name, value] = map[i];
    if (value.is_null() || (i < seen_.size() && seen_[i])) continue;
    fail("{}: unknown option \"{}\", got {}", who_, name, value.str());
  }
}

void unknown_word(const Config& got, const std::string& what, const std::string& known) {
  fail("{}: one of {} is needed, got {}", what, known, got.str());
}

Config to_config(const std::vector<double>& values) { return list_of(values); }
void from_config(const Config& config, std::vector<double>& values, const std::string& what) {
  read_list(config, values, what, &Config::as_double);
}
Config to_config(const std::vector<std::int64_t>& values) { return list_of(values); }
void from_config(const Config& config, std::vector<std::int64_t>& values,
                 const std::string& what) {
  read_list(config, values, what, &Config::as_int);
}
Config to_config(const std::vector<std::string>& values) { return list_of(values); }
void from_config(const Config& config, std::vector<std::string>& values, const std::string& what) {
  read_list(config, values, what, &Config::as_string);
}
Config to_config(const std::vector<Tensor>& values) { return list_of(values); }
void from_config(const Config& config, std::vector<Tensor>& values, const std::string& what) {
  read_list(config, values, what, &Config::as_tensor);
}

Config to_config(Padding padding) { return word_of(padding, paddings); }
void from_config(const Config& config, Padding& padding, const std::string& what) {
  read_word(config, padding, what, paddings);
}
Config to_config(DataFormat format) { return word_of(format, formats); }
void from_config(const Config& config, DataFormat& format, const std::string& what) {
  read_word(config, format, what, formats);
}

Axes::Axes(std::initializer_list<std::int64_t> axes) {
  for (const std::int64_t axis : axes) values.push_back(Config(axis).as_int32("axis"));
}
Config to_config(const Axes& axes) {
  if (axes.values.empty()) return {};
  return axes.values.size() == 1 ? Config(axes.values[0]) : list_of(axes.values);
}
void from_config(const Config& config, Axes& axes, const std::string& what) {
  axes.values.clear();
  const auto add = [&](const Config& axis) { axes.values.push_back(axis.as_int32(what)); };
  if (!config.is_list()) return add(config);
  for (const Config& each : config.as_list(what)) add(each);
}

}  // namespace kindling
