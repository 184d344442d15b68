// What the main() of each program is made of: options whose numbers are checked, and one place for
// errors and output that can't be written.
//
//   CLI::App app("Learns to ..", "spiral");
//   add_number(app, "--steps", steps, "Steps of gradient descent", 1, most_count);
//   return run_program(app, argc, argv, [&] { train(steps); });
#pragma once

#include <CLI/CLI.hpp>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>

#include <fmt/format.h>

#include <kindling/tensor/error.h>

#include "check_output.h"

namespace kindling {

constexpr std::int64_t most_count = 1'000'000'000;  // of anything that is counted
constexpr std::int64_t most_seed = std::numeric_limits<std::int64_t>::max();
constexpr double largest_number = std::numeric_limits<float>::max();

namespace detail {
CLI::Option* add_whole(CLI::App& app, const std::string& name, const std::string& text,
                       std::int64_t least, std::int64_t most,
                       const std::function<void(std::int64_t)>& set);
CLI::Option* add_real(CLI::App& app, const std::string& name, const std::string& text,
                      double least, double most, const std::function<void(double)>& set);
}  // namespace detail

// An option that is a decimal number from `least` to `most`; anything else is an error. (CLI11
// itself takes 010 for 8, reads nan, and cuts off what is too large.)
template <std::integral T>
CLI::Option* add_number(CLI::App& app, const std::string& name, T& value, const std::string& text,
                        std::int64_t least, std::int64_t most) {
  most = std::min<std::int64_t>(most, std::numeric_limits<T>::max());
  const auto set = [&value](std::int64_t number) { value = static_cast<T>(number); };
  return detail::add_whole(app, name, text, least, most, set)
      ->default_str(fmt::format("{}", value));
}
inline CLI::Option* add_number(CLI::App& app, const std::string& name, double& value,
                               const std::string& text, double least, double most) {
  return detail::add_real(app, name, text, least, most, [&value](double number) { value = number; })
      ->default_str(fmt::format("{}", value));
}

// --threads, with the number that is used if it is not said.
void add_threads(CLI::App& app, int& threads);

// Parses the options, runs `body` and flushes standard output. Returns 0; 1 after an exception of
// `body` or output that can't be written, 2 for wrong options, each with its message on standard
// error. In messages of the library, options are named as the program's user types them:
// score_max is --score-max. A body may throw CLI::ValidationError for options that don't fit
// together.
int run_program(CLI::App& app, int argc, char** argv, const std::function<void()>& body);

// A signal that ends the program, after its work has been kept: run_program says so and returns 128
// and the signal's number, as a shell does.
class Stopped : public Error {
 public:
  Stopped(int signal, const std::string& message) : Error(message), signal_(signal) {}
  int signal() const { return signal_; }

 private:
  int signal_;
};

// The options of run_program as they were given, but for the number of threads, which changes no
// result.
const std::string& program_command();

}  // namespace kindling
