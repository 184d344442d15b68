// A program of ours, run as its users run it.
#pragma once

#include <array>
#include <cstdio>
#include <string>

#include "tests/catch.h"

struct ProgramResult {
  int status;
  std::string output;  // and errors
};

// `input` is a file for its standard input.
inline ProgramResult run_program(const std::string& name, const std::string& arguments,
                                 const std::string& input = "/dev/null") {
  const std::string command =
      std::string(KINDLING_BIN_DIR) + "/" + name + " " + arguments + " < " + input + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  ProgramResult result;
  std::array<char, 4096> buffer;
  while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) {
    result.output.append(buffer.data(), n);
  }
  result.status = WEXITSTATUS(pclose(pipe));
  return result;
}
