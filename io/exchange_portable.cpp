// In the place of exchange.cpp where a system can't exchange two names in one step: those who save
// take the two steps that io/file.h speaks of.
#include <kindling/io/descriptor.h>

namespace kindling {

bool exchange(const std::string&, const std::string&) { return false; }

}  // namespace kindling
