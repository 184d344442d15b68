#include <kindling/layers/named_function.h>

#include <kindling/layers/configurable.h>
#include <kindling/tensor/fail.h>

namespace kindling {

bool is_name_of(const std::string& name, const std::string& class_name) {
  return name == class_name || name == snake_case(class_name);
}

void unknown_function(const std::string& what, const std::string& class_name,
                      const std::string& known) {
  fail("{}: one of {} is needed, got \"{}\"", what, known, class_name);
}

}  // namespace kindling
