// fail("Conv1D: kernel_size must be positive, got {}", size): throws Error. For source files;
// public headers do without fmt.
//
// Texts among the arguments, which may come from a file, stay on one line and are cut short, so
// that a long name doesn't push the rule out of the message.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

#include <kindling/tensor/error.h>
#include <kindling/tensor/shown.h>

namespace kindling {

constexpr std::size_t longest_in_message = 1000;

template <class T>
decltype(auto) in_message(const T& value) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return shown(value, longest_in_message);
  } else {
    return (value);
  }
}

template <class... Args>
std::string formatted(fmt::string_view format, const Args&... args) {
  return fmt::vformat(format, fmt::make_format_args(args...));
}

template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(formatted(format, in_message(args)...));
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
