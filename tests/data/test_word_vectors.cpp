#include "tests/catch.h"
#include "tests/data/temporary_folder.h"

#include <kindling/data/vocabulary.h>
#include <kindling/data/word_vectors.h>

using kindling::read_vector_words;
using kindling::read_word_vectors;
using kindling::Vocabulary;
using kindling::WordVectors;

namespace {

const Vocabulary& flowers() {
  static const Vocabulary vocabulary({"rose", "tulip", "lily of the valley"});
  return vocabulary;
}

WordVectors read(std::string_view content) {
  const TemporaryFolder folder;
  return read_word_vectors(folder.write("vectors.txt", content), flowers());
}

// The message without the folder.
std::string error(std::string_view content) {
  const std::string message = message_of([&] { read(content); });
  return message.substr(message.find("vectors.txt"));
}

}  // namespace

TEST_CASE("GloVe text: a word and its numbers") {
  const WordVectors vectors = read(
      "the 9 9\n"
      "tulip 0.5 -1e-2\n"
      "lily of the valley 3 4\n"
      "tulip 7 7\n"     // the first wins
      "[UNK] 8 8\n"     // rows of padding and unknown words stay zero
      "oak\u0085 x y\n"  // nobody asked for it
      "Rose 1 1\n");
  CHECK(vectors.dim == 2);
  CHECK(vectors.found_count == 2);
  CHECK(vectors.found == std::vector<bool>{false, false, false, true, true});
  CHECK(vectors.values == std::vector<float>{0, 0, 0, 0, 0, 0, 0.5f, -0.01f, 3, 4});
}

TEST_CASE("word2vec and fastText: a first line with counts") {
  const WordVectors vectors = read("2 3\nrose 1 2 3 \r\noak 4 5 6 \n");
  CHECK(vectors.dim == 3);
  CHECK(vectors.found_count == 1);
  CHECK(vectors.values[6] == 1);
  CHECK(vectors.values[8] == 3);
}

TEST_CASE("fastText: lines end at a newline only, words may look like anything") {
  const WordVectors vectors = kindling::parse_word_vectors(
      "4 2\n</s> 1 2 \n\u2028 3 4 \nrose\v\f 5 6 \nrose 7 8 ", "v.vec", flowers());
  CHECK(vectors.found_count == 1);
  CHECK(vectors.values[4] == 7);
  CHECK(vectors.values[5] == 8);
}

TEST_CASE("a byte order mark is part of neither the first word nor the counts") {
  const std::string mark = "\xef\xbb\xbf";
  for (const char* text : {"rose 1 2\n", "1 2\nrose 1 2\n", "2 2\r\noak 3 4\r\nrose 1 2\r\n"}) {
    const WordVectors from_file = read(mark + text);
    const WordVectors from_memory =
        kindling::parse_word_vectors(mark + text, "v.txt", flowers());
    for (const WordVectors& vectors : {from_file, from_memory}) {
      CHECK(vectors.dim == 2);
      CHECK(vectors.found_count == 1);
      CHECK(vectors.values[4] == 1);
    }
  }
  const TemporaryFolder folder;
  CHECK(read_vector_words(folder.write("v.txt", mark + "rose 1 2\n")) ==
        std::vector<std::string>{"rose"});
}

TEST_CASE("Vectors say how many of the words they have") {
  const auto report = [](const char* text, const std::vector<std::string>& words, int examples) {
    const Vocabulary vocabulary(words);
    return kindling::parse_word_vectors(text, "v.txt", vocabulary).report(vocabulary, examples);
  };
  const char* text = "rose 1 2\noak 1 2\nelm 3 4\n";
  CHECK(report(text, {"rose"}, 5) == "v.txt: 1 of 1 words found (100.0%), dimension 2");
  CHECK(report(text, {"tulip", "rose", "li\tly"}, 5) ==
        "v.txt: 1 of 3 words found (33.3%), dimension 2; not found: \"tulip\", \"li\\tly\"");
  CHECK(report(text, {"tulip", "rose", "lily"}, 1) ==
        "v.txt: 1 of 3 words found (33.3%), dimension 2; not found: \"tulip\", ...");
  CHECK(report(text, {"tulip"}, 0) == "v.txt: 0 of 1 words found (0.0%), dimension 2");
  CHECK(report(text, {}, 5) == "v.txt: 0 of 0 words found, dimension 2");
  const WordVectors vectors = kindling::parse_word_vectors(text, "v.txt", flowers());
  CHECK(message_of([&] { vectors.report(Vocabulary({"rose"})); }) ==
        "v.txt: was read for a vocabulary of 5 tokens, got one of 3");
}

TEST_CASE("The words of a vector file that a text can have") {
  const TemporaryFolder folder;
  const std::string path = folder.write(
      "vectors.txt", "the 1 2\n, 1 2\nRose 1 2\nlily of 1 2\n\xc3\xa9t\xc3\xa9 1 2\n"
                     "the 3 4\n\xff 1 2\n9 1 2\n");
  CHECK(read_vector_words(path) == std::vector<std::string>{"the", "\xc3\xa9t\xc3\xa9", "9"});
}

TEST_CASE("damaged vector files") {
  CHECK(error("") == "vectors.txt: is empty");
  CHECK(error("rose\n") == "vectors.txt:1: must be a word and its vector, got \"rose\"");
  CHECK(error("rose 1 2\ntulip 1\n") ==
        "vectors.txt:2: must be a word and 2 numbers, got 2 fields");
  CHECK(error("oak 1 2\n\nrose 1 2\n") ==
        "vectors.txt:2: must be a word and 2 numbers, got 1 fields");
  CHECK(error("rose 1 x\n") == "vectors.txt:1: a vector's numbers must be finite, got \"x\"");
  CHECK(error("oak 1 2\nrose 1 nan\n") ==
        "vectors.txt:2: a vector's numbers must be finite, got \"nan\"");
  CHECK(error("rose 1e40 2\n") ==
        "vectors.txt:1: a vector's numbers must be finite, got \"1e40\"");
  CHECK(error("3 2\nrose 1 2\noak 3 4\n") == "vectors.txt:1: says 3 words, got 2");
  CHECK(error("3 2\n") == "vectors.txt: has a first line and no vectors");
  CHECK(error("1 0\nrose\n") == "vectors.txt:1: must be a word and its vector, got \"1 0\"");
  for (const char* number : {"-1.7-003", "0x10", "inf", "1e999", "1,5", "1.5.2", "1e", "--1", ""}) {
    CHECK(error(std::string("rose 1 ") + number + " 2\n") ==
          std::string("vectors.txt:1: a vector's numbers must be finite, got \"") + number + "\"");
  }
  CHECK(error("99999999999999999999 2\nrose 1 2\n") ==
        "vectors.txt:1: the counts are too large, got \"99999999999999999999 2\"");
  CHECK(error("\xff\xfer\0o\0s\0e\0 \0" "1\0") ==
        "vectors.txt:1: text is not UTF-8, byte 0xff at offset 0 of the line");
  CHECK(error("1 999999999999\nrose 1 2\n") ==
        "vectors.txt:1: a vector has at most 16384 numbers, got 999999999999");
  CHECK(message_of([] { read_word_vectors("/nowhere/v.txt", flowers()); }) ==
        "/nowhere/v.txt: cannot be opened, No such file or directory");
}
