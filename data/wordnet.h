// WordNet: pairs of definitions to learn from, related or not.
//
//   PairSplit pairs = wordnet_pairs();   // pairs.train, pairs.validation, pairs.test
//
// A synset is a set of nouns of one meaning, with a definition; its hypernyms are what it is a kind
// of ("@") or an instance of ("@i"). The definition is the gloss up to the first ";", so without
// the quoted examples.
//
// Errors: WordNet not installed (says how to install it), a damaged line (file and line named).
// Source: the file data.noun of WordNet 3.0, format in the manual page wndb(5WN); Debian's package
// wordnet-base installs it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <kindling/data/text_pair.h>

#pragma GCC visibility push(default)
namespace kindling {

inline constexpr const char* wordnet_folder = "/usr/share/wordnet";

struct Hypernym {
  std::size_t synset;  // its place in the vector that read_wordnet_nouns returns
  bool instance;       // "@i": the synset is one particular thing of this kind

  friend bool operator==(const Hypernym&, const Hypernym&) = default;
};

struct Synset {
  std::int64_t offset;     // in data.noun: its name within WordNet
  int lexicographer_file;  // its topic: 5 animals, 13 food, ..., see lexnames(5WN)
  std::vector<std::string> words;
  std::string definition;
  std::vector<Hypernym> hypernyms;  // in the order of the file
};

// All noun synsets, in the order of the file.
std::vector<Synset> read_wordnet_nouns(const std::string& folder = wordnet_folder);

struct PairSplit {
  std::vector<TextPair> train, validation, test;
};

struct WordNetOptions {
  std::uint64_t seed = 1;
  std::int64_t validation = 8000;  // pairs, half of them related
  std::int64_t test = 8000;
};

// Each synset that has a hypernym, of either sort, makes two pairs, one after the other: its
// definition with that of its first hypernym, score 1, and with that of some other synset's
// hypernym, score 0.
//
//   - Within a part the second texts of the unrelated pairs are those of the related ones in
//     another order, so how common a hypernym is tells nothing.
//   - An unrelated second text is never that of any hypernym of the synset, nor the first text.
//   - Synsets with the same definition count as one: no first text is in two parts.
//   - Left out are definitions without a letter or digit and those that equal their hypernym's.
//
// That is 164,176 pairs of WordNet 3.0, 148,176 of them to train on.
//
// The same seed gives the same pairs on every machine. Errors: parts that are odd, negative or
// leave nothing to train on; a database so small that no unrelated text can be found.
PairSplit wordnet_pairs(const std::string& folder = wordnet_folder,
                        const WordNetOptions& options = {});

}  // namespace kindling
#pragma GCC visibility pop
