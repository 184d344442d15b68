// A program of ours, run as its users run it.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

#include "tests/catch.h"

struct ProgramResult {
  int status;          // as a shell gives it: 128 and the signal if one has ended it
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
  const int ended = pclose(pipe);
  result.status = WIFSIGNALED(ended) ? 128 + WTERMSIG(ended) : WEXITSTATUS(ended);
  return result;
}
