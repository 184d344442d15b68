// A vector whose [] fails on what is not there, in place of undefined behaviour: so a layer of
// one's own that reads more inputs than it was given is told so.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <kindling/tensor/error.h>

#pragma GCC visibility push(default)
namespace kindling {
namespace detail {

struct NotThere : Error {
  NotThere(std::size_t index, std::size_t size);
  std::size_t index, size;
};

}  // namespace detail

template <class T>
class CheckedVector : public std::vector<T> {
 public:
  using std::vector<T>::vector;
  CheckedVector() = default;
  CheckedVector(std::vector<T> values) : std::vector<T>(std::move(values)) {}

  T& operator[](std::size_t i) {
    check(i);
    return std::vector<T>::operator[](i);
  }
  const T& operator[](std::size_t i) const {
    check(i);
    return std::vector<T>::operator[](i);
  }

 private:
  void check(std::size_t i) const {
    if (i >= this->size()) throw detail::NotThere(i, this->size());
  }
};

}  // namespace kindling
#pragma GCC visibility pop
