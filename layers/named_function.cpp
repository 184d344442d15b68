#include <kindling/layers/named_function.h>

#include <kindling/tensor/fail.h>

namespace kindling {

void unknown_function(const std::string& what, const std::string& class_name,
                      const std::string& known) {
  fail("{}: one of {} is needed, got \"{}\"", what, known, class_name);
}

}  // namespace kindling
