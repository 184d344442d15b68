#include "tests/catch.h"
#include "tests/data/temporary_folder.h"

#include <kindling/data/vocabulary.h>

using kindling::TokenCounts;
using kindling::Vocabulary;
using Ids = std::vector<std::int32_t>;
using Words = std::vector<std::string>;

namespace {

TokenCounts horse_counts() {
  return TokenCounts().add("The horse, the rider.").add("the rider: \u00c4pfel");
}

}  // namespace

TEST_CASE("a vocabulary's file may begin with a byte order mark, and its words are UTF-8") {
  const TemporaryFolder folder;
  const Vocabulary read =
      Vocabulary::read(folder.write("v.txt", "\xef\xbb\xbf[PAD]\n[UNK]\nhorse\n"));
  CHECK(read.size() == 3);
  CHECK(read.file_text() == "[PAD]\n[UNK]\nhorse\n");
  CHECK(message_of([] { Vocabulary(Words{"caf\xe9"}); }) ==
        "Vocabulary: a token must be UTF-8, got \"caf\ufffd\"");
  CHECK(message_of([] { Vocabulary(TokenCounts().add_tokens({"a\x80"})); }) ==
        "Vocabulary: a token must be UTF-8, got \"a\ufffd\"");
}

TEST_CASE("a vocabulary counts, most frequent first, ties by their bytes") {
  const Vocabulary vocabulary(horse_counts());
  CHECK(vocabulary.size() == 6);
  CHECK(vocabulary.token(0) == "[PAD]");
  CHECK(vocabulary.token(1) == "[UNK]");
  CHECK(vocabulary.token(2) == "the");
  CHECK(vocabulary.token(3) == "rider");
  CHECK(vocabulary.token(4) == "horse");
  CHECK(vocabulary.token(5) == "\u00e4pfel");
  CHECK(vocabulary.encode("A rider on THE horse!") == Ids{1, 3, 1, 2, 4});
  CHECK(vocabulary.encode("...").empty());
  CHECK(vocabulary.encode_tokens({"horse", "Horse", "[PAD]"}) == Ids{4, 1, 0});
  CHECK(vocabulary.contains("rider"));
  CHECK(!vocabulary.contains("Rider"));
  CHECK(vocabulary.id("zebra") == Vocabulary::unknown);
  CHECK(horse_counts().count("the") == 3);
  CHECK(horse_counts().count("zebra") == 0);
}

TEST_CASE("a vocabulary does not depend on the order of the texts") {
  const Vocabulary one(TokenCounts().add("b a c").add("d b"));
  const Vocabulary two(TokenCounts().add_tokens({"b", "d"}).add_tokens({"c", "a", "b"}));
  CHECK(one.file_text() == two.file_text());
}

TEST_CASE("a vocabulary can be limited") {
  CHECK(Vocabulary(horse_counts(), {.max_tokens = 4}).file_text() == "[PAD]\n[UNK]\nthe\nrider\n");
  CHECK(Vocabulary(horse_counts(), {.max_tokens = 99}).size() == 6);
  CHECK(Vocabulary(horse_counts(), {.min_count = 3}).file_text() == "[PAD]\n[UNK]\nthe\n");
  CHECK(Vocabulary(TokenCounts()).size() == 2);
  CHECK(message_of([] { Vocabulary(TokenCounts(), {.max_tokens = 2}); }) ==
        "Vocabulary: max_tokens must be at least 3, with the two special tokens, or 0 for no "
        "limit, got 2");
  CHECK(message_of([] { Vocabulary(TokenCounts(), {.max_tokens = -1}); }) ==
        "Vocabulary: max_tokens must be at least 3, with the two special tokens, or 0 for no "
        "limit, got -1");
  CHECK(message_of([] { Vocabulary(TokenCounts(), {.min_count = 0}); }) ==
        "Vocabulary: min_count must be at least 1, got 0");
}

TEST_CASE("a vocabulary of given words") {
  CHECK(Vocabulary({"rose", "tulip"}).encode("A rose; a tulip.") == Ids{1, 2, 1, 3});
  CHECK(message_of([] { Vocabulary({"rose", ""}); }) ==
        "Vocabulary: a token must not be empty");
  CHECK(message_of([] { Vocabulary({"rose", "rose"}); }) ==
        "Vocabulary: token \"rose\" is there twice");
  CHECK(message_of([] { Vocabulary(Words{"[UNK]"}); }) ==
        "Vocabulary: token \"[UNK]\" is there twice");
  CHECK(message_of([] { Vocabulary(Words{"a\nb"}); }) ==
        "Vocabulary: a token must be within a line, got \"a\\nb\"");
}

TEST_CASE("a vocabulary takes more words, after those it has") {
  Vocabulary vocabulary(Words{"b", "a"});
  vocabulary.extend({"c", "a", "[PAD]", "d"});
  CHECK(vocabulary.encode_tokens({"b", "a", "c", "d"}) == Ids{2, 3, 4, 5});
  CHECK(vocabulary.size() == 6);
  CHECK(message_of([&] { vocabulary.extend({""}); }) == "Vocabulary: a token must not be empty");
}

TEST_CASE("an id outside the vocabulary") {
  const Vocabulary vocabulary({"rose"});
  CHECK(message_of([&] { vocabulary.token(3); }) == "Vocabulary: id 3 is outside [0, 3)");
  CHECK(message_of([&] { vocabulary.token(-1); }) == "Vocabulary: id -1 is outside [0, 3)");
}

TEST_CASE("a vocabulary file is read back as it was") {
  const TemporaryFolder folder;
  const Vocabulary before(TokenCounts().add("\u6211\u7231\u4f60 \u00fcber horse horse 42"));
  const std::string path = folder.write("vocabulary.txt", before.file_text());
  const Vocabulary after = Vocabulary::read(path);
  CHECK(after.size() == 6);
  CHECK(after.file_text() == before.file_text());
  CHECK(after.id("\u00fcber") == before.id("\u00fcber"));
}

TEST_CASE("damaged vocabulary files") {
  const TemporaryFolder folder;
  const auto error = [&](std::string_view content) {
    const std::string path = folder.write("v.txt", content);
    const std::string message = message_of([&] { Vocabulary::read(path); });
    REQUIRE(message.starts_with(path));
    return message.substr(path.size());
  };
  CHECK(error("") == ": is empty");
  CHECK(error("rose\n") == ":1: must be [PAD], got \"rose\"");
  CHECK(error("[PAD]\nrose\n") == ":2: must be [UNK], got \"rose\"");
  CHECK(error("[PAD]\n") == ": must start with [PAD] and [UNK]");
  CHECK(error("[PAD]\n[UNK]\nrose\n\ntulip\n") == ":4: a token must not be empty");
  CHECK(error("[PAD]\n[UNK]\nrose\ntulip\nrose\n") ==
        ":5: token \"rose\" is there twice, first on line 3");
  CHECK(error("[PAD]\n[UNK]\nrose\r\n") ==
        ":3: lines must end in a newline only, got a carriage return");
  CHECK(error("[PAD]\n[UNK]\nro\xffse\n") ==
        ":3: text is not UTF-8, byte 0xff at offset 2 of the line");
  CHECK(error("[PAD]\n[UNK]\nrose\ntul") == ":4: the last line is cut short");
  CHECK(message_of([&] { Vocabulary::read(folder.file("none")); }) ==
        folder.file("none") + ": cannot be opened, No such file or directory");
}
