// Batches of text pairs: ids, padded with 0 to the longest text of the batch, texts of like length
// together so that little is padding.
//
//   Dataset train = text_pairs(pairs, vocabulary, {.batch_size = 128, .shuffle = true, .seed = 7});
//
// A batch's inputs are first (batch, Tq) and second (batch, Tv), int32; its target (batch, 1).
#pragma once

#include <cstdint>
#include <vector>

#include <kindling/data/dataset.h>
#include <kindling/data/text_pair.h>
#include <kindling/data/vocabulary.h>

namespace kindling {

struct TextPairOptions {
  std::int64_t batch_size = 32;
  bool shuffle = false;             // else from short to long, always in the same order
  std::uint64_t seed = 0;           // of the shuffle
  std::int64_t max_length = 0;      // tokens of a text that are kept; 0: all
  std::int64_t bucket_batches = 50; // shuffled examples are sorted by length this many batches at
                                    // a time; 1 batch: not at all
};

// Fails on a pair one of whose texts has no tokens, by its number.
Dataset text_pairs(const std::vector<TextPair>& pairs, const Vocabulary& vocabulary,
                   const TextPairOptions& options = {});

// Rows of ids as a tensor (rows, longest), padded with 0.
Tensor padded_ids(const std::vector<std::vector<std::int32_t>>& rows);

}  // namespace kindling
