// CallState: what a layer keeps from one call to the next besides weights: states, a generator.
//
//   class CounterImpl : public LayerImpl {
//     void state(Fields& f) override { calls_.field(f, "calls"); }
//     Tensors call(const Tensors& inputs, const Call&) override {
//       calls_.set(calls_.get() + 1);
//       ...
//     }
//     CallState<std::int64_t> calls_{0};
//   };
//
// Model::evaluate, which must leave no trace in a model that is being trained, gives each layer
// called by it a value of its own to change. Threads that call one layer at once may get and set
// the value; which of them sets it last is not defined.
#pragma once

#include <any>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include <kindling/layers/config.h>
#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

class LayerImpl;

namespace detail {

using AddedLosses = std::vector<std::pair<LayerImpl*, Tensor>>;

// While one lives, calls on this thread leave nothing behind in the layers: no losses added and, if
// asked for, no CallState, which begins as the layer has it.
class IsolatedCalls {
 public:
  enum class Keeps { states, nothing };
  explicit IsolatedCalls(Keeps keeps);
  ~IsolatedCalls();
  IsolatedCalls(const IsolatedCalls&) = delete;
  IsolatedCalls& operator=(const IsolatedCalls&) = delete;

  // Of the latest call; null if no scope lives on this thread.
  static AddedLosses* losses();
  // The value that a CallState has in here: null if none has been set, or no scope keeps it.
  static const std::any* find(const void* state);
  // Where to set it; null if it goes into the layer.
  static std::any* place(const void* state);

 private:
  bool isolates_states_;
  AddedLosses losses_;
  std::map<const void*, std::any> states_;
  IsolatedCalls* before_;
};

}  // namespace detail

template <class T>
class CallState {
 public:
  CallState() = default;
  explicit CallState(T value) : value_(std::move(value)) {}
  T get() const {
    if (const std::any* isolated = detail::IsolatedCalls::find(this)) {
      return std::any_cast<T>(*isolated);
    }
    const std::scoped_lock lock(mutex_);
    return value_;
  }
  void set(T value) {
    if (std::any* isolated = detail::IsolatedCalls::place(this)) {
      *isolated = std::move(value);
      return;
    }
    const std::scoped_lock lock(mutex_);
    value_ = std::move(value);
  }
  // In a layer's state(): f("name", value).
  void field(Fields& f, const char* name) {
    T value = get();
    f(name, value);
    if (f.reading()) set(std::move(value));
  }

 private:
  mutable std::mutex mutex_;
  T value_ = {};
};

}  // namespace kindling
#pragma GCC visibility pop
