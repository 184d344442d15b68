// Text pairs from CSV and TSV files: two texts and a number a line.
//
//   auto pairs = read_pairs("stsb-en-train.csv", {.score_max = 5});
//   auto pairs = read_pairs("questions.tsv", {.first = "q1", .second = "q2", .score = "same"});
//
// CSV is RFC 4180: a column that starts with a quote ends with one and may hold commas, line breaks
// and doubled quotes. In TSV a quote is a character as any other. Lines end in "\n" or "\r\n";
// empty lines are skipped; columns that were not asked for are ignored. Texts and numbers lose the
// white space around them.
//
// A column is a number, from 0, or a name. If one is a name, the first line is the header; if all
// are numbers, it is a header if its score column starts as a word does and not as a number.
//
// Errors, all with file and line: too few columns, a score that is no finite number or out of
// range, a quote that does not close (within 16 MiB), text after a closing quote, a quote inside a
// column without quotes, a text without a letter or digit, an unknown column (says which there
// are), two of the three being the same column; a file without pairs, and those of text_file.h.
//
// Source: RFC 4180. Of the CSV libraries that Debian has none says on which line a record began,
// which is what the messages are for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <kindling/data/text_pair.h>

#pragma GCC visibility push(default)
namespace kindling {

struct PairColumns {
  char delimiter = 0;  // 0 is a tab for a file named .tsv and a comma for every other
  std::string first = "0";
  std::string second = "1";
  std::string score = "2";
  double score_min = 0;  // this score becomes 0
  double score_max = 1;  // and this one 1
};

std::vector<TextPair> read_pairs(const std::string& path, const PairColumns& columns = {});

// The same a pair at a time, for files too big for memory: no more than one record is held. What
// is wrong with the columns or the first line shows at once, the rest where it is reached.
PairReader open_pairs(const std::string& path, const PairColumns& columns = {});

// The same from memory; `name` stands in messages, and its ending chooses the delimiter.
std::vector<TextPair> parse_pairs(std::string_view text, const std::string& name,
                                  const PairColumns& columns = {});

// One line of two texts with a tab between them, its score 0. Errors start with "name:number".
TextPair parse_pair_line(std::string_view line, const std::string& name, std::int64_t number);

}  // namespace kindling
#pragma GCC visibility pop
