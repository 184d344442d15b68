// Word vectors from text files: GloVe's, word2vec's and fastText's (.vec), for the words of a
// vocabulary.
//
//   WordVectors vectors = read_word_vectors("glove.100d.txt", vocabulary);
//   std::cout << vectors.report(vocabulary) << "\n";
//     glove.100d.txt: 3812 of 4000 words found (95.3%), dimension 100; not found: "fooed", "bary"
//
// A line is a word and its numbers, with single spaces between; word2vec and fastText begin with a
// line "words dimension", from which they are known, and end lines with a space. The last `dim`
// fields are the vector, since some of GloVe's words contain spaces. Lines end at "\n" only: some
// words contain other characters that some programs take for line ends. Words are compared as they
// are, so those of a file with capitals (of "the" and "The") count only in lower case. The first of
// several equal words wins.
// Files may be bigger than memory; the numbers of words that are not asked for are only counted.
//
// Errors, with file and line: fewer fields than the dimension needs, a dimension beyond 16384, a
// number that is none or not finite, another count of lines than the first says; and those of
// lines_of_file.
// Source: the GloVe and fastText projects' descriptions of their files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)
namespace kindling {

class Vocabulary;

struct WordVectors {
  std::string name;           // of the file
  std::vector<float> values;  // (vocabulary.size(), dim), zeros for a word that is not in the file
  std::vector<bool> found;    // for each id; false for padding and unknown words
  std::int64_t dim = 0;
  std::int64_t found_count = 0;

  // A line that says how many of the vocabulary's words the file has, and the first that it has
  // not, which are the most frequent ones; the vocabulary is the one they were read for.
  std::string report(const Vocabulary& vocabulary, int examples = 5) const;
};

WordVectors read_word_vectors(const std::string& path, const Vocabulary& vocabulary);

// The same from memory; `name` is what messages start with.
WordVectors parse_word_vectors(std::string_view text, const std::string& name,
                               const Vocabulary& vocabulary);

// The words of a file in its order, each once; only those that tokenize can make, since no text
// has the others.
std::vector<std::string> read_vector_words(const std::string& path);

}  // namespace kindling
#pragma GCC visibility pop
