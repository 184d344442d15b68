#include "tests/catch.h"
#include "tests/data/temporary_folder.h"

#include <kindling/data/delimited.h>

using kindling::PairColumns;
using kindling::parse_pair_line;
using kindling::parse_pairs;
using kindling::read_pairs;
using kindling::TextPair;
using Pairs = std::vector<TextPair>;

namespace {

std::string csv_error(std::string_view text, const PairColumns& columns = {}) {
  return message_of([&] { parse_pairs(text, "p.csv", columns); });
}

std::string tsv_error(std::string_view text, const PairColumns& columns = {}) {
  return message_of([&] { parse_pairs(text, "p.tsv", columns); });
}

}  // namespace

TEST_CASE("CSV as RFC 4180 has it") {
  const Pairs two = {{"a cat", "a dog", 0.5f}, {"one", "two", 1}};
  CHECK(parse_pairs("a cat,a dog,0.5\none,two,1\n", "p.csv") == two);
  CHECK(parse_pairs("a cat,a dog,0.5\r\none,two,1\r\n", "p.csv") == two);
  CHECK(parse_pairs("\"a cat\",\"a dog\",\"0.5\"\none,two,1", "p.csv") == two);
  CHECK(parse_pairs("\xef\xbb\xbf\na cat , a dog, 0.5 ,more\n\r\none,two,1\n\n", "p.csv") == two);
  CHECK(parse_pairs("\"a, \"\"b\"\"\nc\",\"d\r\ne\",1\n", "p.csv") ==
        Pairs{{"a, \"b\"\nc", "d\r\ne", 1}});
  CHECK(parse_pairs("\"\"\"a\"\"\",b,1", "p.csv") == Pairs{{"\"a\"", "b", 1}});
  CHECK(parse_pairs("a;b, c;1", "p.csv", {.delimiter = ';'}) == Pairs{{"a", "b, c", 1}});
}

TEST_CASE("TSV, where a quote is a character") {
  CHECK(parse_pairs("say \"hi\tb, c\t1\r\n\"d\"\te\t0\n", "p.tsv") ==
        Pairs{{"say \"hi", "b, c", 1}, {"\"d\"", "e", 0}});
  CHECK(parse_pairs("a\tb\t1\n", "p.txt", {.delimiter = '\t'}) == Pairs{{"a", "b", 1}});
}

TEST_CASE("a header, columns by number and by name") {
  const Pairs one = {{"a", "b", 1}};
  CHECK(parse_pairs("first,second,score\na,b,1\n", "p.csv") == one);
  CHECK(parse_pairs("id,s1,s2,note,label\n7,a,b,x,1\n", "p.csv",
                    {.first = "s1", .second = "s2", .score = "label"}) == one);
  CHECK(parse_pairs("1,b,a\n", "p.csv", {.first = "2", .second = "1", .score = "0"}) == one);
  CHECK(parse_pairs("\"s, 1\",s2,score1\na,b,1\n", "p.csv",
                    {.first = "s, 1", .second = "1", .score = "score1"}) == one);
}

TEST_CASE("scores are scaled") {
  CHECK(parse_pairs("a,b,5\nc,d,0\ne,f,2.5\n", "p.csv", {.score_max = 5}) ==
        Pairs{{"a", "b", 1}, {"c", "d", 0}, {"e", "f", 0.5f}});
  CHECK(parse_pairs("a,b,-1\nc,d,+1\n", "p.csv", {.score_min = -1}) ==
        Pairs{{"a", "b", 0}, {"c", "d", 1}});
  CHECK(csv_error("a,b,1", {.score_min = 5, .score_max = 5}) ==
        "p.csv: score_min must be below score_max, got 5 and 5");
}

TEST_CASE("bad scores") {
  CHECK(csv_error("a,b,1\nc,d,high\n") ==
        "p.csv:2: the score must be a finite number, got \"high\"");
  CHECK(csv_error("a,b,1\nc,d,\n") == "p.csv:2: the score must be a finite number, got \"\"");
  CHECK(csv_error("a,b,nan\n") == "p.csv:1: the score must be a finite number, got \"nan\"");
  CHECK(csv_error("a,b,-inf\n") == "p.csv:1: the score must be a finite number, got \"-inf\"");
  CHECK(csv_error("a,b,0.5x\n") == "p.csv:1: the score must be a finite number, got \"0.5x\"");
  CHECK(csv_error("a,b,1\nc,\"d\n\",1\ne,f,1e99\n") ==
        "p.csv:4: the score must be in [0, 1], got 1e+99; score_min and score_max set the range");
  CHECK(csv_error("a,b,5.5\n", {.score_max = 5}) ==
        "p.csv:1: the score must be in [0, 5], got 5.5; score_min and score_max set the range");
  CHECK(csv_error("a,b,-0.1\n", {.score_max = 5}) ==
        "p.csv:1: the score must be in [0, 5], got -0.1; score_min and score_max set the range");
}

TEST_CASE("too few columns") {
  CHECK(csv_error("a,b\n") == "p.csv:1: at least 3 columns are needed, with a , between, got 2");
  CHECK(csv_error("a,b,1\n\n\"c\nd\",e,1\nf\n") ==
        "p.csv:5: at least 3 columns are needed, with a , between, got 1");
  CHECK(tsv_error("a\tb\t1\nc\td\n") ==
        "p.tsv:2: at least 3 columns are needed, with a tab between, got 2");
  CHECK(tsv_error("a,b,1\n") ==
        "p.tsv:1: at least 3 columns are needed, with a tab between, got 1");
}

TEST_CASE("quotes that do not match") {
  CHECK(csv_error("a,b,1\nc,\"d,1\ne,f,1\n") ==
        "p.csv:2: a quote opens here and never closes");
  CHECK(csv_error("a,b,1\n\"c\"d,e,1\n") ==
        "p.csv:2: a closing quote must end its column, got \"d,e,1\" after it");
  CHECK(csv_error("a,b,1\n c \"d\",e,1\n") ==
        "p.csv:2: a quote inside a column without quotes; put the column in quotes and double the "
        "one inside");
}

TEST_CASE("empty texts") {
  CHECK(csv_error("a,b,1\n,d,1\n") ==
        "p.csv:2: the first text has no letter or digit, got \"\"");
  CHECK(csv_error("a,b,1\nc,\" ?! \",1\n") ==
        "p.csv:2: the second text has no letter or digit, got \"?!\"");
}

TEST_CASE("columns that are not there or are the same") {
  CHECK(csv_error("s1,s2,score\na,b,1\n", {.first = "s1", .second = "s3", .score = "score"}) ==
        "p.csv:1: no column is named \"s3\", the first line has \"s1\", \"s2\", \"score\"");
  CHECK(csv_error("s1,s1,score\na,b,1\n", {.first = "s1"}) ==
        "p.csv:1: two columns are named \"s1\"");
  CHECK(csv_error("a,b,1\n", {.second = "0"}) ==
        "p.csv: first and second are the same column, 0");
  CHECK(csv_error("s1,s2,score\na,b,1\n", {.score = "s2"}) ==
        "p.csv: second and score are the same column, 1");
  CHECK(csv_error("a,b,1\n", {.score = "7"}) ==
        "p.csv:1: at least 8 columns are needed, with a , between, got 3");
  CHECK(csv_error("a,b,1\n", {.score = "-1"}) ==
        "p.csv:1: no column is named \"-1\", the first line has \"a\", \"b\", \"1\"");
  CHECK(csv_error("a,b,1\n", {.delimiter = '"'}) ==
        "p.csv: the delimiter must be neither a quote nor a line break");
}

TEST_CASE("files without pairs, and not of text") {
  CHECK(csv_error("") == "p.csv: is empty");
  CHECK(csv_error("\n\r\n") == "p.csv: is empty");
  CHECK(csv_error("first,second,score\n") == "p.csv: has a header and no pairs");
  CHECK(csv_error("a,b,1\nc\xe9,d,1\n") ==
        "p.csv:2: text is not UTF-8, byte 0xe9 at offset 1 of the line");
  const TemporaryFolder folder;
  CHECK(message_of([&] { read_pairs(folder.file("none.csv")); }) ==
        folder.file("none.csv") + ": cannot be opened, No such file or directory");
  const std::string path = folder.write("pairs.tsv", "a, b\tc\t1\nd\te\t2\n");
  CHECK(message_of([&] { read_pairs(path); }) ==
        path + ":2: the score must be in [0, 1], got 2; score_min and score_max set the range");
  CHECK(read_pairs(path, {.score_max = 2}) == Pairs{{"a, b", "c", 0.5f}, {"d", "e", 1}});
}

TEST_CASE("a line of two texts") {
  CHECK(parse_pair_line("a, \"b\"\tc \r", "standard input", 1) == TextPair{"a, \"b\"", "c", 0});
  const auto error = [](std::string_view line) {
    return message_of([&] { parse_pair_line(line, "standard input", 7); });
  };
  CHECK(error("a, b") ==
        "standard input:7: two texts with a tab between them are needed, got 1 fields");
  CHECK(error("a\tb\tc") ==
        "standard input:7: two texts with a tab between them are needed, got 3 fields");
  CHECK(error("a\t...") ==
        "standard input:7: the second text has no letter or digit, got \"...\"");
  CHECK(error("a\tb\xff") ==
        "standard input:7: text is not UTF-8, byte 0xff at offset 3 of the line");
}
