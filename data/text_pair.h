// TextPair: two texts and how related they are, from 0 to 1. What the readers return and the
// batches are made of.
#pragma once

#include <string>

namespace kindling {

struct TextPair {
  std::string first, second;
  float score = 0;

  friend bool operator==(const TextPair&, const TextPair&) = default;
};

}  // namespace kindling
