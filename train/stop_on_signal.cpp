#include <kindling/train/stop_on_signal.h>

#include <atomic>
#include <cerrno>
#include <system_error>

#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

std::atomic<int> caught = 0;  // all that a signal handler touches
static_assert(std::atomic<int>::is_always_lock_free);
std::atomic<int> handlers = 0;

void set_action(int signal, const struct sigaction* action, struct sigaction* before) {
  if (::sigaction(signal, action, before) == 0) return;
  fail("StopOnSignal: signal {} cannot be caught, {}", signal,
       std::generic_category().message(errno));
}

}  // namespace

class StopOnSignalImpl::Handler {
 public:
  explicit Handler(int signal) : signal_(signal) {
    set_action(signal, nullptr, &before_);
    struct sigaction action = before_;
    if (before_.sa_handler != SIG_IGN) action.sa_handler = [](int number) { caught = number; };
    // The second one ends the program.
    action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
    set_action(signal, &action, nullptr);
    if (handlers++ == 0) caught = 0;
  }
  ~Handler() {
    --handlers;
    ::sigaction(signal_, &before_, nullptr);
  }
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;

 private:
  int signal_;
  struct sigaction before_ = {};
};

StopOnSignalImpl::StopOnSignalImpl(const Options& options) {
  for (const int signal : options.signals) handlers_.push_back(std::make_unique<Handler>(signal));
}

StopOnSignalImpl::~StopOnSignalImpl() = default;

int StopOnSignalImpl::signal() const { return caught; }

void StopOnSignalImpl::look() {
  if (caught != 0) interrupt_training();
}

}  // namespace kindling
