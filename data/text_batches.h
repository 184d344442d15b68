// Batches of texts: ids, padded with 0 to the longest text of the batch, texts of like length
// together so that little is padding.
//
//   Dataset train = text_pairs(pairs, vocabulary, {.batch_size = 128, .shuffle = true, .seed = 7});
//   Dataset train = text_classes({{"a domestic animal", 3}}, vocabulary);
//   Dataset train = stream_pairs("large.tsv", vocabulary, {.shuffle = true, .buffer_size = 50000});
//
// Pairs: inputs first (batch, Tq) and second (batch, Tv), int32; target (batch, 1), float32.
// Classes: input (batch, T) and target (batch,), both int32.
//
// A stream reads its file anew for each pass and holds a buffer of it. Shuffled, it fills the
// buffer, draws bucket_batches batches from it at random, sorts them by length, hands them out in
// random order, and fills up again: an example can come at most a buffer early, and any time late.
// As always seed and epoch make the order, so a run can be taken up at any batch. Not shuffled, the
// pairs stay in the file's order.
//
// Errors: a text without tokens, with the number of its example; a class beyond int32; options out
// of range; those of delimited.h, where the stream reaches them; and
//   large.tsv: has changed since stream_pairs first read it
//   large.tsv: cannot be read again, No such file or directory
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <kindling/data/dataset.h>
#include <kindling/data/delimited.h>
#include <kindling/data/text_pair.h>
#include <kindling/data/vocabulary.h>

#pragma GCC visibility push(default)
namespace kindling {

struct TextBatchOptions {
  std::int64_t batch_size = 32;
  bool shuffle = false;             // else always in the same order, from short to long
  std::uint64_t seed = 0;           // of the shuffle
  std::int64_t max_length = 0;      // tokens of a text that are kept; 0: all
  std::int64_t bucket_batches = 50; // shuffled examples are sorted by length this many batches at
                                    // a time; 1: no examples are sorted
  std::int64_t buffer_size = 10000; // examples that a shuffled stream holds
};

Dataset text_pairs(const std::vector<TextPair>& pairs, const Vocabulary& vocabulary,
                   const TextBatchOptions& options = {});

// Texts and the class of each.
Dataset text_classes(const std::vector<std::pair<std::string, std::int64_t>>& texts,
                     const Vocabulary& vocabulary, const TextBatchOptions& options = {});

Dataset stream_pairs(const std::string& path, const Vocabulary& vocabulary,
                     const TextBatchOptions& options = {}, const PairColumns& columns = {});

// Pairs from anywhere: `open` is called for each pass, and must give the same pairs each time.
Dataset stream_pairs(std::function<PairReader()> open, const Vocabulary& vocabulary,
                     const TextBatchOptions& options = {});

// Rows of ids as a tensor (rows, longest), padded with 0.
Tensor padded_ids(const std::vector<std::vector<std::int32_t>>& rows);

}  // namespace kindling
#pragma GCC visibility pop
