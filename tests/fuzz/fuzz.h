// What the fuzzers share. An Error that begins with the file's name, "f", is a refusal; any other
// exception, and a `require` that does not hold, is a finding.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <kindling/tensor/error.h>

namespace fuzz {

// A reader that is tried on inputs; made once in a file that has its name.
struct Target {
  using Run = void(std::string_view input);

  Target(std::string_view called, Run* with) : name(called), run(with) { all().push_back(this); }
  static std::vector<const Target*>& all() {
    static std::vector<const Target*> targets;
    return targets;
  }

  std::string_view name;
  Run* run;
};

// What the last input was refused with.
inline std::string& last_refusal() {
  static std::string message;
  return message;
}

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

template <class Read>
void refuse_or(Read read) {
  try {
    read();
  } catch (const kindling::Error& error) {
    require(std::string_view(error.what()).starts_with('f'), error.what());
    last_refusal() = error.what();
  }
}

}  // namespace fuzz
