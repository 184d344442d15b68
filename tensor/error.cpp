#include <kindling/tensor/error.h>

#include <atomic>
#include <cstdio>

#include <kindling/tensor/checked_vector.h>
#include <kindling/tensor/shown.h>

namespace kindling {
namespace {

std::string printable(const std::string& message) {
  constexpr std::size_t half = 4096;
  if (message.size() <= 2 * half) return shown_lines(message);
  return shown_lines(std::string_view(message).substr(0, half)) + " ... " +
         shown_lines(std::string_view(message).substr(message.size() - half));
}

void warn_on_stderr(const std::string& message) {
  std::fprintf(stderr, "kindling: warning: %s\n", message.c_str());
}

std::atomic<WarningHandler> handler_now{warn_on_stderr};

}  // namespace

detail::NotThere::NotThere(std::size_t i, std::size_t n)
    : Error("a list of " + std::to_string(n) + " has no number " + std::to_string(i)),
      index(i),
      size(n) {}

Error::Error(const std::string& message) : std::runtime_error(printable(message)) {}

void warn(const std::string& message) { handler_now.load()(printable(message)); }

WarningHandler set_warning_handler(WarningHandler handler) {
  return handler_now.exchange(handler ? handler : warn_on_stderr);
}

}  // namespace kindling
