// What an object was made with, as a small tree of values: the `config` of Keras. A layer lists
// its options once, in fields(), and that list both writes a config and reads one. What an object
// has become since, its state, is such a tree too, which may hold tensors.
//
//   void fields(Fields& f) override { f("units", options.units); f("use_bias", options.use_bias); }
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)
namespace kindling {

class Tensor;

class Config {
 public:
  using List = std::vector<Config>;
  using Map = std::vector<std::pair<std::string, Config>>;  // in the order of writing

  Config() = default;  // null
  Config(bool v);
  Config(int v) : Config(std::int64_t{v}) {}
  Config(std::int64_t v);
  Config(double v);
  Config(const char* v) : Config(std::string(v)) {}
  Config(std::string v);
  Config(List v);
  Config(Map v);
  Config(const Tensor& v);  // of a state; null if undefined

  bool is_null() const { return value_ == nullptr; }
  bool is_string() const;
  bool is_list() const;
  bool is_map() const;

  // The value; fails with `what` and the kind it has instead:
  //   units: a whole number is needed, got "many"
  bool as_bool(const std::string& what) const;
  std::int64_t as_int(const std::string& what) const;  // also a list of one, as Keras writes sizes
  int as_int32(const std::string& what) const;         // one that an int holds
  double as_double(const std::string& what) const;
  const std::string& as_string(const std::string& what) const;
  const List& as_list(const std::string& what) const;
  const Map& as_map(const std::string& what) const;
  const Tensor& as_tensor(const std::string& what) const;

  // A map's entry; null if there is none. set() puts one in, or in the place of the old one.
  const Config& operator[](const std::string& key) const;
  void set(const std::string& key, Config value);

  std::string str() const;  // for messages: JSON, cut short
  struct Value;  // layers/config_value.h
  const Value& value() const;

 private:
  friend class Fields;
  Map& own_map();  // for changes: nobody else has it

  std::shared_ptr<const Value> value_;  // never changed once it is there; null for null
};

// An option that has no default: leaving it out does not compile, and the error shows its name, as
// in Required<std::int64_t, struct DenseOptions_units>.
struct Unset {};  // what stands there until a config has been read
template <class T, class Name = void>
class Required {
 public:
  Required() {
    static_assert(sizeof(T) == 0, "a required option was left out: the one this type names");
  }
  Required(Unset) {}
  template <class U>
    requires std::convertible_to<U, T> &&
             (!std::floating_point<U> || !std::integral<T>)  // 64.7 is no number of units
  Required(U value) : value_(static_cast<T>(value)) {}
  // A list: {3, 4}.
  template <class V = T>
  Required(std::initializer_list<typename V::value_type> values) : value_(values) {}
  // A function with namesakes, such as tanh or softmax: T says which one is meant.
  template <class V = T>
  Required(typename V::Function function) : value_(function) {}
  template <class V = T>
  Required(typename V::AxisFunction function) : value_(function) {}
  operator const T&() const { return value_; }
  T& value() { return value_; }
  const T& value() const { return value_; }

 private:
  T value_{};
};

// Options that a config is about to be read into. Required ones stand first in an aggregate.
template <class Options>
Options blank_options() {
  constexpr Unset unset;
  if constexpr (requires { Options{unset, unset, unset}; }) {
    return Options{unset, unset, unset};
  } else if constexpr (requires { Options{unset, unset}; }) {
    return Options{unset, unset};
  } else if constexpr (requires { Options{unset}; }) {
    return Options{unset};
  } else {
    return Options{};
  }
}

Config to_config(const std::vector<double>& values);
void from_config(const Config& config, std::vector<double>& values, const std::string& what);
Config to_config(const std::vector<std::int64_t>& values);
void from_config(const Config& config, std::vector<std::int64_t>& values, const std::string& what);
Config to_config(const std::vector<std::string>& values);
void from_config(const Config& config, std::vector<std::string>& values, const std::string& what);
Config to_config(const std::vector<Tensor>& values);
void from_config(const Config& config, std::vector<Tensor>& values, const std::string& what);

// Goes over an object's options by name, writing a config or reading one.
class Fields {
 public:
  // Writes into `config`.
  explicit Fields(Config& config) : write_(&config) {}
  // Reads from `config`; `who` names the object in errors.
  Fields(const Config& config, std::string who) : read_(&config), who_(std::move(who)) {}

  bool reading() const { return read_ != nullptr; }
  // Whether the config that is read says null, which else counts as leaving an option out.
  bool is_null(const std::string& name) const;

  void operator()(const char* name, bool& value);
  void operator()(const char* name, int& value);
  void operator()(const char* name, std::int64_t& value);
  void operator()(const char* name, float& value);
  void operator()(const char* name, double& value);
  void operator()(const char* name, std::string& value);
  void operator()(const char* name, Config& value);
  // Anything with to_config(value) and from_config(config, value, what) beside it.
  template <class T>
  void operator()(const char* name, T& value) {
    if (!reading()) {
      put(name, to_config(std::as_const(value)));
    } else if (const Config* found = get(name)) {
      from_config(*found, value, what(name));
    }
  }
  template <class T, class Name>
  void operator()(const char* name, Required<T, Name>& value) {
    if (reading() && !get(name)) missing(name);
    (*this)(name, value.value());
  }
  template <class T>
  void operator()(const char* name, std::optional<T>& value) {
    if (!reading()) {
      if (!value) return put(name, Config());
      (*this)(name, *value);
    } else if (get(name)) {
      (*this)(name, value.emplace());
    } else if (is_null(name)) {
      value.reset();
    }
  }
  // A map of its own, which must be there when reading: list(fields).
  template <class List>
  void inside(const std::string& name, List list) {
    if (!reading()) {
      Config config{std::vector<std::pair<std::string, Config>>()};
      Fields fields(config);
      list(fields);
      put(name.c_str(), std::move(config));
    } else {
      const Config* found = get(name.c_str());
      if (found == nullptr) missing(name.c_str());
      Fields fields(*found, what(name.c_str()));
      list(fields);
      fields.finish();
    }
  }
  // An option of Keras that we have only one value for; another is refused.
  void fixed(const char* name, Config only);

  // After reading: fails if the config has an entry that nobody asked for and that isn't null.
  void finish() const;

 private:
  void put(const char* name, Config value);
  const Config* get(const char* name);  // null if absent or null
  void find_places(const Config& config);
  std::string what(const char* name) const;
  [[noreturn]] void missing(const char* name) const;

  Config* write_ = nullptr;
  const Config* read_ = nullptr;
  std::string who_;
  std::unordered_map<std::string, std::size_t> places_;  // of entries, by name
  std::vector<bool> seen_;                               // which were asked for
};

// For options that are one of a few words: writes an enumerator's word, or finds it again.
template <class Enum>
struct Word {
  Enum value;
  const char* word;
};
[[noreturn]] void unknown_word(const Config& got, const std::string& what,
                               const std::string& known);
template <class Enum, std::size_t N>
Config word_of(Enum value, const Word<Enum> (&words)[N]) {
  for (const auto& w : words) {
    if (w.value == value) return w.word;
  }
  return {};
}
template <class Enum, std::size_t N>
void read_word(const Config& config, Enum& value, const std::string& what,
               const Word<Enum> (&words)[N]) {
  std::string known;
  for (const auto& w : words) {
    if (config.as_string(what) == w.word) {
      value = w.value;
      return;
    }
    known += (known.empty() ? "" : ", ") + std::string(w.word);
  }
  unknown_word(config, what, known);
}

// Words that several layers share.
enum class Padding { valid, same, causal };
Config to_config(Padding padding);
void from_config(const Config& config, Padding& padding, const std::string& what);
enum class DataFormat { channels_last, channels_first };
Config to_config(DataFormat format);
void from_config(const Config& config, DataFormat& format, const std::string& what);

// Axes: one, or several, or none.
struct Axes {
  using value_type = std::int64_t;
  Axes() = default;
  Axes(std::int64_t axis) : Axes({axis}) {}
  Axes(std::initializer_list<std::int64_t> axes);  // fails on one that an int doesn't hold
  std::vector<int> values;
};
Config to_config(const Axes& axes);
void from_config(const Config& config, Axes& axes, const std::string& what);

}  // namespace kindling
#pragma GCC visibility pop
