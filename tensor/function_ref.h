// A reference to a callable that outlives the call it is passed to: two pointers, no allocation.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)
namespace kindling {

template <class Signature>
class FunctionRef;

template <class Result, class... Args>
class FunctionRef<Result(Args...)> {
 public:
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef>)
  FunctionRef(F&& f)  // NOLINT: implicit, as a parameter type should be
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_(call_as<std::remove_reference_t<F>>) {}

  Result operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  // No lambda: GCC would show one in a shared library, whatever F is.
  template <class F>
  static Result call_as(void* object, Args... args) {
    return (*static_cast<F*>(object))(std::forward<Args>(args)...);
  }

  void* object_;
  Result (*call_)(void*, Args...);
};

}  // namespace kindling
#pragma GCC visibility pop
