#include <kindling/autograd/observer.h>

#include <utility>

namespace kindling {
namespace {

thread_local OperationObserver* current = nullptr;

}  // namespace

OperationObserver::OperationObserver() : before_(std::exchange(current, this)) {}
OperationObserver::~OperationObserver() {
  OperationObserver** link = &current;
  while (*link != nullptr && *link != this) link = &(*link)->before_;
  if (*link == this) *link = before_;
}

namespace detail {

OperationObserver* observer() { return current; }

void observe(const char* name, std::uint64_t order, const Tensors& results, const Tensors& inputs) {
  current->on_forward(name, order, results, inputs);
}

}  // namespace detail
}  // namespace kindling
