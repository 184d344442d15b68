#include <kindling/layers/named_function.h>

#include <kindling/layers/configurable.h>
#include <kindling/layers/weights_to_come.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace detail {

Config written_function(const Config& written) {
  Config function = written.is_map() ? written : Config(Config::Map{{"class_name", written}});
  if (function["registered_name"].is_null()) {
    function.set("registered_name", function["class_name"]);
  }
  return function;
}

void check_not_left_out(const std::string& why) {
  if (!why.empty()) fail("{}; the model was loaded without it", why);
}

bool may_be_left_out(const std::string& why) { return WeightsToCome::leave_out(why); }

}  // namespace detail

bool is_name_of(const std::string& name, const std::string& class_name) {
  return name == class_name || name == snake_case(class_name);
}

void unknown_function(const std::string& what, const std::string& class_name,
                      const std::string& known) {
  fail("{}: one of {} is needed, got \"{}\"", what, known, class_name);
}

}  // namespace kindling
