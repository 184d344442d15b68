// fail("Conv1D: kernel_size must be positive, got {}", size): throws Error. For source files;
// public headers do without fmt.
#pragma once

#include <fmt/format.h>

#include <kindling/tensor/error.h>

namespace kindling {

template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace kindling
