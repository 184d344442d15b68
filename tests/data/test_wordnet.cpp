#include "tests/catch.h"
#include "tests/data/temporary_folder.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include <kindling/data/wordnet.h>

using kindling::Hypernym;
using kindling::PairSplit;
using kindling::read_wordnet_nouns;
using kindling::TextPair;
using kindling::wordnet_pairs;
using kindling::WordNetOptions;
using Pairs = std::vector<TextPair>;

namespace {

// Our own invention, in WordNet's format.
constexpr const char* small_database =
    "  1 A line of licence.  \n"
    "  2 \n"
    "00000010 03 n 01 gizmo 0 002 ~ 00000020 n 0000 ~ 00000030 n 0000 | a thing made up for a "
    "test; \"the gizmo passed\"  \n"
    "00000020 06 n 02 spring_gizmo 0 coil_gizmo 1 003 @ 00000010 n 0000 + 00000099 v 0102 @ "
    "00000030 n 0000 | a gizmo that jumps  \n"
    "00000030 06 n 0a b 0 c 0 d 0 e 0 f 0 g 0 h 0 i 0 j 0 k 0 001 @i 00000010 n 0000 |   the one "
    "at home ; not shown; nor this  \n";

std::string error_of(std::string_view line) {
  const TemporaryFolder folder;
  const std::string path = folder.write("data.noun", "  1 licence\n" + std::string(line));
  const std::string message = message_of([&] { read_wordnet_nouns(folder.path()); });
  REQUIRE(message.starts_with(path));
  return message.substr(path.size());
}

std::string line(int offset, int hypernym, const std::string& definition) {
  char head[80];
  std::snprintf(head, sizeof head, "%08d 03 n 01 word 0 001 @ %08d n 0000 | ", offset, hypernym);
  return head + definition + "  \n";
}

// 20 kinds and, of each, 10 synsets. Two of a kind share a definition.
std::string many_synsets() {
  std::string text;
  for (int kind = 0; kind < 20; ++kind) {
    const std::string name = "kind " + std::to_string(kind);
    text += line(1000 + kind, 1000 + (kind + 1) % 20, name);
    for (int i = 0; i < 10; ++i) {
      const int number = std::max(i, 1);
      text += line(2000 + 10 * kind + i, 1000 + kind, name + " number " + std::to_string(number));
    }
  }
  return text;
}

std::multiset<std::string> seconds(const Pairs& pairs, float score) {
  std::multiset<std::string> texts;
  for (const TextPair& pair : pairs) {
    if (pair.score == score) texts.insert(pair.second);
  }
  return texts;
}

std::set<std::string> firsts(const Pairs& pairs) {
  std::set<std::string> texts;
  for (const TextPair& pair : pairs) texts.insert(pair.first);
  return texts;
}

}  // namespace

TEST_CASE("nouns, their definitions and hypernyms") {
  const TemporaryFolder folder;
  folder.write("data.noun", small_database);
  const auto synsets = read_wordnet_nouns(folder.path());
  REQUIRE(synsets.size() == 3);
  CHECK(synsets[0].offset == 10);
  CHECK(synsets[0].lexicographer_file == 3);
  CHECK(synsets[0].words == std::vector<std::string>{"gizmo"});
  CHECK(synsets[0].definition == "a thing made up for a test");
  CHECK(synsets[0].hypernyms.empty());
  CHECK(synsets[1].words == std::vector<std::string>{"spring gizmo", "coil gizmo"});
  CHECK(synsets[1].definition == "a gizmo that jumps");
  CHECK(synsets[1].hypernyms == std::vector<Hypernym>{{0, false}, {2, false}});
  CHECK(synsets[2].words.size() == 10);
  CHECK(synsets[2].definition == "the one at home");
  CHECK(synsets[2].hypernyms == std::vector<Hypernym>{{0, true}});
}

TEST_CASE("WordNet is not installed") {
  CHECK(message_of([] { read_wordnet_nouns("/nowhere"); }) ==
        "WordNet: there is no file /nowhere/data.noun; install wordnet-base (apt install "
        "wordnet-base) or give the folder");
}

TEST_CASE("damaged lines of WordNet") {
  CHECK(error_of("x") == ":2: the offset must be a number, got \"x\"");
  CHECK(error_of("\n") == ":2: the line ends where the offset must be");
  CHECK(error_of("00000010 4294967299 n") ==
        ":2: the lexicographer file is a number of two digits, got 4294967299");
  CHECK(error_of("00000010 99999999999999999999 n") ==
        ":2: the lexicographer file must be a number, got \"99999999999999999999\"");
  CHECK(error_of("00000010 zz") == ":2: the lexicographer file must be a number, got \"zz\"");
  CHECK(error_of("00000010 03 v") == ":2: the type must be n, a noun, got \"v\"");
  CHECK(error_of("00000010 03 n xx") ==
        ":2: the count of words must be a hexadecimal number, got \"xx\"");
  CHECK(error_of("00000010 03 n 02 a 0") == ":2: the line ends where a word must be");
  CHECK(error_of("00000010 03 n 01 a 0 001 @ q") ==
        ":2: a pointer's offset must be a number, got \"q\"");
  CHECK(error_of("00000010 03 n 01 a 0 000") == ":2: the line ends where the gloss must be");
  CHECK(error_of("00000010 03 n 01 a 0 000 text") ==
        ":2: a | must come before the gloss, got \"text\"");
  CHECK(error_of(line(10, 11, "a")) == ":2: hypernym 00000011 is not in the file");
  CHECK(error_of(line(10, 10, "a") + line(10, 10, "b")) == ":3: offset 00000010 is there twice");
  CHECK(error_of("\xff") == ":2: text is not UTF-8, byte 0xff at offset 0 of the line");
}

TEST_CASE("pairs of definitions keep their promises") {
  const TemporaryFolder folder;
  folder.write("data.noun", many_synsets());
  const WordNetOptions options = {.seed = 7, .validation = 40, .test = 60};
  const PairSplit split = wordnet_pairs(folder.path(), options);
  CHECK(split.validation.size() == 40);
  CHECK(split.test.size() == 60);
  CHECK(split.train.size() == 2 * 220 - 100);

  std::map<std::string, std::set<std::string>> hypernyms;
  const auto synsets = read_wordnet_nouns(folder.path());
  for (const auto& synset : synsets) {
    for (const Hypernym& h : synset.hypernyms) {
      hypernyms[synset.definition].insert(synsets[h.synset].definition);
    }
  }
  for (const Pairs* part : {&split.train, &split.validation, &split.test}) {
    CHECK(seconds(*part, 1).size() * 2 == part->size());
    CHECK(seconds(*part, 1) == seconds(*part, 0));
    for (std::size_t i = 0; i < part->size(); ++i) {
      const TextPair& pair = (*part)[i];
      INFO(pair.first << " | " << pair.second);
      CHECK(pair.score == (i % 2 == 0 ? 1 : 0));
      CHECK(pair.first == (*part)[i / 2 * 2].first);
      CHECK(hypernyms[pair.first].contains(pair.second) == (pair.score == 1));
      CHECK(pair.first != pair.second);
    }
  }
  const auto train = firsts(split.train), validation = firsts(split.validation);
  for (const std::string& text : firsts(split.test)) {
    CHECK(!train.contains(text));
    CHECK(!validation.contains(text));
  }
  for (const std::string& text : validation) CHECK(!train.contains(text));

  SECTION("the same seed, the same pairs") {
    const PairSplit again = wordnet_pairs(folder.path(), options);
    CHECK(again.train == split.train);
    CHECK(again.validation == split.validation);
    CHECK(again.test == split.test);
  }
  SECTION("another seed, others") {
    const PairSplit other = wordnet_pairs(folder.path(), {.seed = 8, .validation = 40, .test = 60});
    CHECK(other.train != split.train);
    CHECK(firsts(other.test) != firsts(split.test));
  }
}

TEST_CASE("the pairs are the same on every machine") {
  const TemporaryFolder folder;
  folder.write("data.noun", many_synsets());
  const PairSplit split = wordnet_pairs(folder.path(), {.seed = 3, .validation = 0, .test = 6});
  CHECK(split.test == Pairs{{"kind 11 number 7", "kind 11", 1},
                            {"kind 11 number 7", "kind 7", 0},
                            {"kind 6 number 5", "kind 6", 1},
                            {"kind 6 number 5", "kind 11", 0},
                            {"kind 7 number 9", "kind 7", 1},
                            {"kind 7 number 9", "kind 6", 0}});
}

TEST_CASE("the pairs of WordNet itself, where it is installed") {
  if (!std::filesystem::exists(std::string(kindling::wordnet_folder) + "/data.noun")) return;
  const PairSplit split = wordnet_pairs();
  CHECK(split.validation.size() == 8000);
  CHECK(split.test.size() == 8000);
  CHECK(split.train.size() > 100'000);
  CHECK(seconds(split.train, 1) == seconds(split.train, 0));
}

TEST_CASE("definitions that say nothing make no pairs") {
  const TemporaryFolder folder;
  folder.write("data.noun", line(1, 2, "one") + line(2, 3, "two") + line(3, 1, "three") +
                                line(4, 1, "") + line(5, 1, "...; \"an example\"") +
                                line(6, 4, "six") + line(7, 1, "one"));
  const PairSplit split = wordnet_pairs(folder.path(), {.validation = 0, .test = 0});
  CHECK(split.train.size() == 6);
  CHECK(firsts(split.train) == std::set<std::string>{"one", "two", "three"});
}

TEST_CASE("parts that cannot be") {
  const TemporaryFolder folder;
  folder.write("data.noun", many_synsets());
  const auto error = [&](const WordNetOptions& options) {
    return message_of([&] { wordnet_pairs(folder.path(), options); });
  };
  CHECK(error({.validation = 3, .test = 0}) ==
        "wordnet_pairs: validation must be even and not negative, got 3");
  CHECK(error({.validation = 0, .test = -2}) ==
        "wordnet_pairs: test must be even and not negative, got -2");
  CHECK(error({}) ==
        "wordnet_pairs: 8000 pairs for validation and 8000 for test leave none to train on, there "
        "are 440");
  folder.write("data.noun", line(1, 1, "root") + line(2, 1, "a") + line(3, 1, "b"));
  CHECK(error({.validation = 0, .test = 0}) ==
        "wordnet_pairs: 2 synsets are too few to find unrelated texts");
}
