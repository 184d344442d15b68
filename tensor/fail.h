// fail("Conv1D: kernel_size must be positive, got {}", size): throws Error. For source files;
// public headers do without fmt.
#pragma once

#include <string>

#include <fmt/format.h>

#include <kindling/tensor/error.h>

namespace kindling {

template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

// What f() returns; an Error of it begins with `where`.
template <class F>
auto errors_at(const std::string& where, F f) {
  try {
    return f();
  } catch (const Error& error) {
    const std::string text = error.what();
    throw Error(text.starts_with(where) ? text : where + ": " + text);
  }
}

}  // namespace kindling
