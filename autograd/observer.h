// OperationObserver: sees operations run, forward and back. Profiles and the search for the first
// NaN are made of it.
#pragma once

#include <cstdint>

#include <kindling/autograd/gradient.h>
#include <kindling/tensor/tensor.h>

#pragma GCC visibility push(default)
namespace kindling {

class OperationObserver {
 public:
  // Sees what this thread runs, until it is gone, on the same thread.
  OperationObserver();
  virtual ~OperationObserver();
  OperationObserver(const OperationObserver&) = delete;
  OperationObserver& operator=(const OperationObserver&) = delete;

  // An operation has run. `order` is its number in the graph, 0 if it wasn't recorded.
  virtual void on_forward(const char* name, std::uint64_t order, const Tensors& results,
                          const Tensors& inputs) = 0;
  // Its derivatives are about to run; one has; all have.
  virtual void on_backward_begin(std::uint64_t /*order*/) {}
  virtual void on_gradient(const char* /*name*/, std::uint64_t /*order*/, const Gradient&) {}
  virtual void on_backward_end(std::uint64_t /*order*/) {}

 private:
  OperationObserver* before_;
};

namespace detail {
// The latest that lives on this thread; null if there is none.
OperationObserver* observer();
void observe(const char* name, std::uint64_t order, const Tensors& results, const Tensors& inputs);
}  // namespace detail

}  // namespace kindling
#pragma GCC visibility pop
