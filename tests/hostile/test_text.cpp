#include "tests/catch.h"
#include "tests/data/temporary_folder.h"
#include "tests/hostile/refusal.h"

#include <kindling/data/delimited.h>
#include <kindling/data/vocabulary.h>
#include <kindling/data/word_vectors.h>
#include <kindling/io/json.h>

using namespace kindling;

TEST_CASE("hostile JSON") {
  const auto read = [](const std::string& text) { parse_json(text, "f"); };
  const std::string valid = R"({"layers": [{"name": "a", "units": 3}], "seed": 1.5})";
  CHECK(refusal([&] { read(valid); }) == "no error");
  check_refused(read, {
      {"", ":1:1: not JSON, unexpected end of the text"},
      {valid.substr(0, 22), ":1:23: not JSON, unexpected end of the text"},
      {valid + valid, ":1:53: not JSON, unexpected \"{\""},
      {with(valid, "units", "name"), ":1:32: key \"name\" stands twice in one object"},
      {with(valid, "\"a\"", "\"\xc0\x80\""), ":1:23: text is not UTF-8"},
      {with(valid, "\"a\"", "\"\\ud800\""),
       R"(:1:22: not JSON, unexpected "\"\\ud800\"")"},
      {with(valid, "1.5", "1e999"),
       ":1:53: a number is beyond the range of a double, got 1e999"},
      {with(valid, "3", "18446744073709551616"),
       ":1:55: a whole number has at most 64 bits, got 18446744073709551616"},
      {with(valid, "3", std::string(1'000'000, '9')),
       ":1:1000035: a number is beyond the range of a double, got " + std::string(37, '9') + "..."},
      {std::string(1'000'000, '['), ":1:201: nested deeper than 200 levels"},
      {with(valid, "3", std::string(1, '\0')), ":1:36: not JSON, a zero byte"},
  });
}

TEST_CASE("hostile text pairs") {
  const auto read = [](const std::string& text) { parse_pairs(text, "f"); };
  const std::string valid = "a cat,a dog,1\na cow,\"an \"\"owl\"\"\",0\n";
  CHECK(refusal([&] { read(valid); }) == "no error");
  check_refused(read, {
      {"", "is empty"},
      {"one,two,score\n", "has a header and no pairs"},
      {with(valid, ",0\n", "\n"),
       ":2: at least 3 columns are needed, with a , between, got 2"},
      {with(valid, "cow", "c\xff"), ":2: text is not UTF-8, byte 0xff at offset 3 of the line"},
      {with(valid, "\"\"\",0", ",0"), ":2: a quote opens here and never closes"},
      {with(valid, "cow", "\"cow"), ":2: a quote inside a column without quotes; put the column in "
                                    "quotes and double the one inside"},
      {with(valid, ",0", "x,0"), ":2: a closing quote must end its column, got \"x,0\" after it"},
      {with(valid, ",0", ",nan"), ":2: the score must be a finite number, got \"nan\""},
      {with(valid, ",0", ",1e999"), ":2: the score must be a finite number, got \"1e999\""},
      {with(valid, ",0", ",-1"), ":2: the score must be in [0, 1], got -1; score_min and "
                                 "score_max set the range"},
      {with(valid, "a cow", "?!"), ":2: the first text has no letter or digit, got \"?!\""},
  });
}

TEST_CASE("hostile word vectors") {
  const auto numbers = [](int count) {
    std::string text;
    while (count-- > 0) text += " 1";
    return text;
  };
  const Vocabulary words({"rose", "tulip"});
  check_refused([&](const std::string& text) { parse_word_vectors(text, "f", words); }, {
      {"", "is empty"},
      {"3 2\n", "has a first line and no vectors"},
      {"3 2\nrose 1 2\ntulip 1 2\n", ":1: says 3 words, got 2"},
      {"rose 1 2\ntulip 1\n", ":2: must be a word and 2 numbers, got 2 fields"},
      {"rose 1 2\ntulip 1 1e39\n", ":2: a vector's numbers must be finite, got \"1e39\""},
      {"rose 1 2\ntulip 1 0x1\n", ":2: a vector's numbers must be finite, got \"0x1\""},
      {"rose 1 inf\n", ":1: a vector's numbers must be finite, got \"inf\""},
      {"1 9000000000000000000\nrose 1 2\n",
       ":1: a vector has at most 16384 numbers, got 9000000000000000000"},
      {"rose" + numbers(16'385) + "\n", ":1: a vector has at most 16384 numbers, got 16385"},
      {"9000000000000000000 1\nrose 1\n", ":1: says 9000000000000000000 words, got 1"},
      {std::string("\0\0\0\0", 4),
       ":1: must be a word and its vector, got \"\\u0000\\u0000\\u0000\\u0000\""},
  });
}

TEST_CASE("hostile vocabularies") {
  const TemporaryFolder folder;
  // The message without the folder.
  const auto read = [&](const std::string& text) {
    const std::string path = folder.write("f", text);
    try {
      Vocabulary::read(path);
    } catch (const Error& error) {
      throw Error(std::string(error.what()).substr(folder.path().size() + 1));
    }
  };
  check_refused(read, {
      {"", "is empty"},
      {"[PAD]\n", "must start with [PAD] and [UNK]"},
      {"[PAD]\nrose\n", ":2: must be [UNK], got \"rose\""},
      {"[PAD]\n[UNK]\nrose\ntulip", ":4: the last line is cut short"},
      {"[PAD]\n[UNK]\nrose\n\ntulip\n", ":4: a token must not be empty"},
      {"[PAD]\n[UNK]\nrose\nrose\n", ":4: token \"rose\" is there twice, first on line 3"},
      {"[PAD]\n[UNK]\nrose\r\n", ":3: lines must end in a newline only, got a carriage return"},
      {"[PAD]\n[UNK]\n\xff\n", ":3: text is not UTF-8, byte 0xff at offset 0 of the line"},
  });
}
