// What the fuzzers share. An Error that begins with the file's name, "f", is a refusal; any other
// exception, and a `require` that does not hold, is a finding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <kindling/tensor/error.h>

namespace fuzz {

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
  }
}

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
