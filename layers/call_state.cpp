#include <kindling/layers/call_state.h>

namespace kindling::detail {
namespace {

thread_local IsolatedCalls* innermost_isolation = nullptr;

}  // namespace

IsolatedCalls::IsolatedCalls(Keeps keeps)
    : isolates_states_(keeps == Keeps::nothing),
      before_(std::exchange(innermost_isolation, this)) {}

IsolatedCalls::~IsolatedCalls() { innermost_isolation = before_; }

AddedLosses* IsolatedCalls::losses() {
  return innermost_isolation != nullptr ? &innermost_isolation->losses_ : nullptr;
}

const std::any* IsolatedCalls::find(const void* state) {
  for (const IsolatedCalls* scope = innermost_isolation; scope; scope = scope->before_) {
    const auto at = scope->states_.find(state);
    if (at != scope->states_.end()) return &at->second;
  }
  return nullptr;
}

std::any* IsolatedCalls::place(const void* state) {
  for (IsolatedCalls* scope = innermost_isolation; scope; scope = scope->before_) {
    if (scope->isolates_states_) return &scope->states_[state];
  }
  return nullptr;
}

}  // namespace kindling::detail
