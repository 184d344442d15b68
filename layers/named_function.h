// A function with a Keras class name and a config: what initializers, regularizers and constraints
// are.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <kindling/layers/config.h>
#include <kindling/tensor/held.h>

#pragma GCC visibility push(default)
namespace kindling {

namespace detail {

// {"class_name": .., "config": .., "registered_name": ..} of a name alone, or of such an object.
Config written_function(const Config& written);
void check_not_left_out(const std::string& why);
// Whether a model is being loaded that can do without the function: it is noted there.
bool may_be_left_out(const std::string& why);

}  // namespace detail

// Kind::Signature is what it is called with, Kind::what the kind's name.
template <class Kind, class Signature = typename Kind::Signature>
class NamedFunction;

template <class Kind, class Result, class... Arguments>
class NamedFunction<Kind, Result(Arguments...)> {
 public:
  NamedFunction() = default;  // none
  NamedFunction(std::string class_name, Config config, std::function<Result(Arguments...)> function)
      : class_name_(std::move(class_name)),
        config_(std::move(config)),
        function_(std::move(function)) {}
  // By its Keras name, with the options it has there: "he_normal" or "HeNormal".
  NamedFunction(const char* name) { from_config(Config(name), *this, Kind::what); }
  // One that a model is loaded without, as its weights come from the file: it only keeps what was
  // written of it, and whatever calls it fails with `why`.
  static NamedFunction left_out(const Config& written, std::string why) {
    NamedFunction function;
    function.config_ = detail::written_function(written);
    function.left_out_ = std::move(why);
    return function;
  }
  bool defined() const { return function_ != nullptr || !left_out_.empty(); }
  bool known() const { return function_ != nullptr; }
  void check_known() const { detail::check_not_left_out(left_out_); }  // fails if it is left out
  Result operator()(Arguments... arguments) const {
    check_known();
    return detail::held(function_, Kind::what)(arguments...);
  }
  // {"class_name": .., "config": ..}; null for none.
  friend Config to_config(const NamedFunction& f) {
    if (!f.left_out_.empty()) return f.config_;
    return f.defined() ? Config(Config::Map{{"class_name", f.class_name_}, {"config", f.config_}})
                       : Config();
  }

 private:
  std::string class_name_;
  Config config_;
  std::function<Result(Arguments...)> function_;
  std::string left_out_ = {};  // why it was left out
};

// The functions of a kind by class name; they are given their options and whom to name in errors.
template <class Kind>
using NamedFunctions =
    std::vector<std::pair<std::string, NamedFunction<Kind> (*)(const Config&, const std::string&)>>;

[[noreturn]] void unknown_function(const std::string& what, const std::string& class_name,
                                   const std::string& known);

bool is_name_of(const std::string& name, const std::string& class_name);  // or that in snake_case

// The function that a config names: a class name alone, or with options.
template <class Kind>
NamedFunction<Kind> function_from_config(const Config& config, const std::string& what,
                                         const NamedFunctions<Kind>& kinds) {
  const std::string& class_name =
      config.is_string() ? config.as_string(what) : config["class_name"].as_string(what);
  static const Config empty{Config::Map()};
  const Config& options = config["config"];
  try {
    if (!options.is_null()) options.as_map(what + ": config");
    std::string known;
    for (const auto& [name, make] : kinds) {
      if (is_name_of(class_name, name)) return make(options.is_null() ? empty : options, what);
      known += (known.empty() ? "" : ", ") + name;
    }
    unknown_function(what, class_name, known);
  } catch (const Error& error) {
    if (!detail::may_be_left_out(error.what())) throw;
    return NamedFunction<Kind>::left_out(config, error.what());
  }
}

// Options of such a function as a config and back; fields_of(f, options) lists them.
template <class Options>
Config config_of(Options options) {
  Config config{Config::Map()};
  Fields f(config);
  fields_of(f, options);
  return config;
}
template <class Options>
Options options_of(const Config& config, const std::string& who) {
  auto options = blank_options<Options>();
  Fields f(config, who);
  fields_of(f, options);
  f.finish();
  return options;
}
// Lists of what fields_of(f, each) lists the fields of.
template <class T>
concept HasFields = requires(Fields& f, T& value) { fields_of(f, value); };
template <HasFields T>
Config to_config(const std::vector<T>& values) {
  Config::List list;
  for (const T& value : values) list.push_back(config_of(value));
  return list;
}
template <HasFields T>
void from_config(const Config& config, std::vector<T>& values, const std::string& what) {
  values.clear();
  for (const Config& each : config.as_list(what)) values.push_back(options_of<T>(each, what));
}
// A function's entry among its kind: {"L1", made_from<L1Options, L1>}.
template <class Options, auto make>
auto made_from(const Config& config, const std::string& who) {
  return make(options_of<Options>(config, who));
}

}  // namespace kindling
#pragma GCC visibility pop
