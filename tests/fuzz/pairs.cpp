#include "tests/fuzz/fuzz.h"

#include <kindling/data/delimited.h>

using namespace kindling;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(data, size);
  const auto read = [&](const char* name, const PairColumns& columns) {
    fuzz::refuse_or([&] {
      for (const TextPair& pair : parse_pairs(text, name, columns)) {
        fuzz::require(pair.score >= 0 && pair.score <= 1, "scores are in [0, 1]");
      }
    });
  };
  read("f", {});
  read("f.tsv", {.score_max = 5});
  read("f", {.delimiter = ';', .first = "a", .second = "1", .score = "b", .score_min = -1});
  fuzz::refuse_or([&] { parse_pair_line(text, "f", 1); });
  return 0;
}
