// Word overlap: the baseline that a model of two texts has to beat.
//
//   word_overlap("A man rides a horse.", "A man feeds the horse.")   // 2 / 4
//
// Jaccard's index of the two sets of content words, |both| / |either|: tokens that are not among 25
// English function words. 0 if neither text has a content word. A longer list would make a weaker
// baseline: in definitions "who" and "which" tell persons from things.
// Source: P. Jaccard, "The distribution of the flora in the alpine zone" (1912); the words are
// those of Manning, Raghavan and Schuetze, "Introduction to information retrieval" (2008),
// figure 2.6.
#pragma once

#include <string_view>

#pragma GCC visibility push(default)
namespace kindling {

float word_overlap(std::string_view first, std::string_view second);

// "the", "of", "with": a word that carries grammar and no topic.
bool is_function_word(std::string_view token);

}  // namespace kindling
#pragma GCC visibility pop
