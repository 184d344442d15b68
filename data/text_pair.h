// TextPair: two texts and how related they are, from 0 to 1. What the readers return and the
// batches are made of.
#pragma once

#include <functional>
#include <optional>
#include <string>

#pragma GCC visibility push(default)
namespace kindling {

struct TextPair {
  std::string first, second;
  float score = 0;

  friend bool operator==(const TextPair&, const TextPair&) = default;
};

// Each call gives the next pair, none at the end.
using PairReader = std::function<std::optional<TextPair>()>;

}  // namespace kindling
#pragma GCC visibility pop
