#include <kindling/train/progress.h>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <kindling/tensor/shown.h>

namespace kindling {
namespace {

std::string duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
}

std::string values(const Logs& logs) {
  std::string text;
  for (const auto& [name, value] : logs) {
    text += fmt::format(" - {}: {:.4f}", shown(name, 60), value);
  }
  return text;
}

}  // namespace

Progress::Progress(Verbose verbose, int epochs) : verbose_(verbose), epochs_(epochs) {
  if (verbose_ == Verbose::automatic) {
    verbose_ = isatty(fileno(stdout)) != 0 ? Verbose::bar : Verbose::lines;
  }
}

void Progress::print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void Progress::start_epoch(int epoch, std::int64_t steps, std::int64_t done) {
  epoch_ = epoch;
  steps_ = steps;
  first_ = done;
  start_ = drawn_ = Clock::now();
}

void Progress::step(std::int64_t done, FunctionRef<Logs()> logs) {
  if (verbose_ != Verbose::bar) return;
  const Clock::time_point now = Clock::now();
  if (now - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = now;
  // Back to the start of the line, and what was longer before is erased.
  print(fmt::format("\r{}\x1b[K", line(done, logs(), false)));
}

void Progress::finish_epoch(std::int64_t done, const Logs& logs) {
  if (verbose_ == Verbose::silent) return;
  print(fmt::format("{}{}\n", verbose_ == Verbose::bar ? "\r\x1b[K" : "", line(done, logs, true)));
}

void Progress::leave_epoch() {
  if (verbose_ == Verbose::bar) print("\n");
}

std::string Progress::line(std::int64_t done, const Logs& logs, bool finished) const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  const double rate = static_cast<double>(done - first_) / std::max(seconds, 1e-9);
  std::string text = fmt::format("Epoch {}/{} ", epoch_ + 1, epochs_);
  const bool known = steps_ >= 0;
  if (verbose_ == Verbose::bar && known) {
    constexpr std::int64_t width = 24;
    const std::int64_t full = steps_ > 0 ? width * done / steps_ : width;
    for (std::int64_t i = 0; i < width; ++i) text += i < full ? "━" : "─";
    text += ' ';
  }
  const double left = static_cast<double>(steps_ - done) / std::max(rate, 1e-9);
  text += fmt::format("{} {} {:.1f} steps/s",
                      known ? fmt::format("{}/{}", done, steps_) : fmt::format("{} steps", done),
                      finished || !known ? duration(seconds) : duration(left) + " left", rate);
  return text + values(logs);
}

}  // namespace kindling
