// The program kindling.
#pragma once

#include "tests/run_program.h"

inline ProgramResult kindling_program(const std::string& arguments) {
  return run_program("kindling", arguments);
}

// The one line it says before it ends with 1.
inline std::string kindling_error(const std::string& arguments) {
  const ProgramResult result = kindling_program(arguments);
  CHECK(result.status == 1);
  const std::string start = "kindling: ";
  INFO(result.output);
  CHECK(result.output.starts_with(start));
  return result.output.substr(start.size(), result.output.size() - start.size() - 1);
}
