#include <kindling/tensor/error.h>

#include <atomic>
#include <cstdio>

namespace kindling {
namespace {

void warn_on_stderr(const std::string& message) {
  std::fprintf(stderr, "kindling: warning: %s\n", message.c_str());
}

std::atomic<WarningHandler> handler_now{warn_on_stderr};

}  // namespace

void warn(const std::string& message) { handler_now.load()(message); }

WarningHandler set_warning_handler(WarningHandler handler) {
  return handler_now.exchange(handler ? handler : warn_on_stderr);
}

}  // namespace kindling
