#include "program.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <regex>
#include <sstream>
#include <system_error>

#include <kindling/data/fields.h>
#include <kindling/tensor/shown.h>
#include <kindling/tensor/threads.h>

namespace kindling {
namespace {

// A file opened later must not take the place of a standard stream that is closed. What stands in
// for one that a program needs can't be used, so that the program sees it.
void occupy_closed_streams() {
  for (const int descriptor : {0, 1, 2}) {
    if (fcntl(descriptor, F_GETFD) == -1) open("/dev/null", descriptor == 1 ? O_RDONLY : O_WRONLY);
  }
}

std::string command;

void keep_command(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--threads") ++i;
    if (!word.starts_with("--threads")) command.append(word) += '\n';
  }
}

void write_output(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  check_output();
}

void write_error(const CLI::App& app, const std::string& message) {
  std::fflush(stdout);  // what came before is to be read before
  std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), shown_lines(message).c_str());
}

// The program's options, where the library's message has their names in C++.
std::string as_typed(std::string message, const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      std::string in_code = name;
      std::ranges::replace(in_code, '-', '_');
      if (in_code == name) continue;  // a word as any other
      const std::regex whole_name("(^|[ (\\[])\\.?" + in_code + "(?=$|[ ,;:)\\]])");
      message = std::regex_replace(message, whole_name, "$1--" + name);
    }
  }
  for (const CLI::App* command : app.get_subcommands()) message = as_typed(message, *command);
  return message;
}

std::string reason_of(const std::exception& error) {
  if (std::ferror(stdout) != 0 && dynamic_cast<const std::system_error*>(&error) != nullptr) {
    return "standard output: cannot be written";
  }
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return "out of memory";
  return error.what();
}

// What CLI11 has to say, --help included; the program's status.
int say(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out, err;
  const int code = app.exit(error, out, err);
  std::fputs(shown_lines(err.str()).c_str(), stderr);
  write_output(out.str());
  return code == 0 ? 0 : 2;
}

}  // namespace

namespace detail {

CLI::Option* add_whole(CLI::App& app, const std::string& name, const std::string& text,
                       std::int64_t least, std::int64_t most,
                       const std::function<void(std::int64_t)>& set) {
  const std::function<void(const std::string&)> parse = [=](const std::string& given) {
    const bool negative = given.starts_with('-');
    const auto digits = parse_digits(std::string_view(given).substr(negative ? 1 : 0));
    const std::int64_t number = !digits ? 0 : negative ? -*digits : *digits;
    if (!digits || number < least || number > most) {
      throw CLI::ValidationError(name, fmt::format("a whole number from {} to {} is needed, got {}",
                                                   least, most, kindling::in_quotes(given)));
    }
    set(number);
  };
  return app.add_option_function(name, parse, text)->type_name("INT");
}

CLI::Option* add_real(CLI::App& app, const std::string& name, const std::string& text,
                      double least, double most, const std::function<void(double)>& set) {
  const std::function<void(const std::string&)> parse = [=](const std::string& given) {
    const auto number = parse_number(given);
    if (!number || *number < least || *number > most) {
      throw CLI::ValidationError(name, fmt::format("a number from {} to {} is needed, got {}",
                                                   least, most, kindling::in_quotes(given)));
    }
    set(*number);
  };
  return app.add_option_function(name, parse, text)->type_name("FLOAT");
}

}  // namespace detail

void add_threads(CLI::App& app, int& threads) {
  add_number(app, "--threads", threads, "Threads to use", 1, most_threads);
}

const std::string& program_command() { return command; }

int run_program(CLI::App& app, int argc, char** argv, const std::function<void()>& body) {
  occupy_closed_streams();
  keep_command(argc, argv);
  try {
    try {
      app.parse(argc, argv);
      body();
    } catch (const CLI::ParseError& error) {
      return say(app, error);
    }
    check_output();
  } catch (const Stopped& stopped) {
    write_error(app, stopped.what());
    return 128 + stopped.signal();
  } catch (const std::exception& error) {
    write_error(app, as_typed(reason_of(error), app));
    return 1;
  }
  return 0;
}

}  // namespace kindling
