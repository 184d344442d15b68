// What a handle holds, for the handles' headers.
#pragma once

#include <string>

#include <kindling/tensor/error.h>

#pragma GCC visibility push(default)
namespace kindling::detail {

// Fails where a handle is empty: made without an object, or moved from.
template <class Pointer>
const Pointer& held(const Pointer& pointer, const char* what) {
  if (!pointer) {
    throw Error(std::string(what) + ": the handle is empty, made without an object or moved from");
  }
  return pointer;
}

}  // namespace kindling::detail
#pragma GCC visibility pop
