// Texts that tests change.
#pragma once

#include <string>
#include <string_view>

#include "tests/catch.h"

// A text with one part replaced, which it has exactly once.
inline std::string with(std::string text, std::string_view part, std::string_view other) {
  const std::size_t at = text.find(part);
  INFO(part);
  REQUIRE(at != text.npos);
  REQUIRE(text.find(part, at + 1) == text.npos);
  return text.replace(at, part.size(), other);
}
