// What counting can do: the baseline.
#pragma once

#include "text.h"

namespace char_lm {

// Bits per character that n-gram models of the characters before `begin` need for those from there
// on: element n of a model that looks at the n characters before. Where a context was seen rarely
// or with many successors, the shorter one has its say (Witten and Bell, "The zero-frequency
// problem", 1991).
std::vector<double> ngram_bits(const Text& text, std::int64_t begin, std::size_t longest_context);

}  // namespace char_lm
