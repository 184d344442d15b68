// For each program whose work is what it prints.
#pragma once

#include <cerrno>
#include <cstdio>
#include <system_error>

#include <kindling/tensor/error.h>

namespace kindling {

// Throws unless standard output can be written; before work that would be lost, and at the end.
inline void check_output() {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  const int reason = errno;
  throw Error("standard output: cannot be written" +
              (reason == 0 ? "" : ", " + std::generic_category().message(reason)));
}

}  // namespace kindling
