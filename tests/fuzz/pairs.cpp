#include "tests/fuzz/fuzz.h"

#include <kindling/data/delimited.h>

using namespace kindling;

namespace {

const fuzz::Target pairs_target("pairs", [](std::string_view input) {
  const auto read = [&](const char* name, const PairColumns& columns) {
    fuzz::refuse_or([&] {
      for (const TextPair& pair : parse_pairs(input, name, columns)) {
        fuzz::require(pair.score >= 0 && pair.score <= 1, "scores are in [0, 1]");
      }
    });
  };
  read("f", {});
  read("f.tsv", {.score_max = 5});
  read("f", {.delimiter = ';', .first = "a", .second = "1", .score = "b", .score_min = -1});
  fuzz::refuse_or([&] { parse_pair_line(input, "f", 1); });
});

}  // namespace
