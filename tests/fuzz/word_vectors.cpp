#include "tests/fuzz/fuzz.h"

#include <algorithm>
#include <cmath>

#include <kindling/data/vocabulary.h>
#include <kindling/data/word_vectors.h>

using namespace kindling;

namespace {

const fuzz::Target word_vectors_target("word_vectors", [](std::string_view input) {
  static const Vocabulary vocabulary({"a", "b", "a b", "1"});
  fuzz::refuse_or([&] {
    const WordVectors vectors = parse_word_vectors(input, "f", vocabulary);
    fuzz::require(std::ssize(vectors.values) == vocabulary.size() * vectors.dim,
                  "a vector for each word");
    fuzz::require(std::ranges::all_of(vectors.values, [](float v) { return std::isfinite(v); }),
                  "numbers are finite");
    fuzz::require(std::ranges::count(vectors.found, true) == vectors.found_count,
                  "what was found is counted");
    fuzz::require(!vectors.report(vocabulary).empty(), "there is a report");
  });
});

}  // namespace
