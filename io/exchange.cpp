// Compiled where CMake found renameat2, else exchange_portable.cpp.
#include <kindling/io/descriptor.h>

#include <stdio.h>

#include <cerrno>

namespace kindling {

bool exchange(const std::string& a, const std::string& b) {
  if (::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) fail_with_errno();
  return false;
}

}  // namespace kindling
