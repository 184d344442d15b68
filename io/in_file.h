// errors_at() for what is read of a file: also memory that is not to be had names it. For source
// files.
#pragma once

#include <new>
#include <stdexcept>
#include <string>

#include <kindling/tensor/fail.h>

namespace kindling {

template <class F>
auto in_file(const std::string& path, F f) {
  constexpr const char* why = "{}: takes more memory than there is";
  try {
    return errors_at(path, f);
  } catch (const std::bad_alloc&) {
    fail(why, path);
  } catch (const std::length_error&) {  // of a size that no string or vector can have
    fail(why, path);
  }
}

}  // namespace kindling
