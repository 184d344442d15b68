#include <kindling/layers/configurable.h>

#include <cctype>

#include <kindling/tensor/fail.h>

namespace kindling {

std::string snake_case(const std::string& class_name) {
  std::string snake;
  const auto upper = [](char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; };
  const auto lower = [](char c) { return std::islower(static_cast<unsigned char>(c)) != 0; };
  for (std::size_t i = 0; i < class_name.size(); ++i) {
    const char c = class_name[i];
    const bool starts_word = i > 0 && upper(c) &&
                             (lower(class_name[i - 1]) ||
                              (i + 1 < class_name.size() && lower(class_name[i + 1])));
    if (starts_word) snake += '_';
    snake += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return snake;
}

Configurable::Configurable(std::string class_name, std::string name)
    : class_name_(std::move(class_name)), name_(std::move(name)), name_was_given_(!name_.empty()) {}

const std::string& Configurable::name() const {
  if (name_.empty()) name_ = default_name();
  return name_;
}

std::string Configurable::default_name() const { return snake_case(class_name_); }

std::string Configurable::who() const { return fmt::format("{} \"{}\"", class_name_, name()); }

void Configurable::fail_with(const std::string& rule) const { fail("{}: {}", who(), rule); }

void Configurable::common_fields(Fields& f) {
  name();
  f("name", name_);
}

Config Configurable::config() {
  Config config{Config::Map()};
  Fields f(config);
  common_fields(f);
  const std::size_t common = config.as_map(who()).size();
  fields(f);
  if (has_options_ && config.as_map(who()).size() == common) {
    fail_with("has options that fields() doesn't list, so they would be lost in a file; override "
              "fields()");
  }
  return config;
}

void Configurable::read_config(const Config& config) {
  const Config& given = config["name"];
  if (!given.is_null()) {
    name_ = given.as_string(class_name_ + ": name");
    name_was_given_ = true;
  }
  Fields f(config, who());
  common_fields(f);
  fields(f);
  f.finish();
}

void Configurable::finish_construction(bool has_options) {
  has_options_ = has_options;
  if (name().find('/') != std::string::npos) {
    fail("{}: a name has no '/', which separates the parts of a weight's path", who());
  }
  check_options();
}

void unknown_class(const std::string& family, const std::string& class_name,
                   const std::vector<std::string>& known) {
  std::string list;
  for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
  fail("{}: no class \"{}\" is registered; register_{}<{}>() adds one of your own "
       "[registered: {}]", family, class_name, family, class_name, list);
}

}  // namespace kindling
