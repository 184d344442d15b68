#include "tests/catch.h"

#include <kindling/data/overlap.h>

using kindling::word_overlap;

TEST_CASE("word overlap is Jaccard's index of the content words") {
  CHECK(word_overlap("A man rides a horse.", "A man feeds the horse.") == 0.5f);
  CHECK(word_overlap("the red rose", "a RED, red rose!") == 1.0f);
  CHECK(word_overlap("a rose", "a tulip") == 0.0f);
  CHECK(word_overlap("of the", "to a") == 0.0f);
  CHECK(word_overlap("", "rose") == 0.0f);
  CHECK(word_overlap("\u00dcber", "U\u0308BER") == 1.0f);
}

TEST_CASE("function words") {
  CHECK(kindling::is_function_word("the"));
  CHECK(kindling::is_function_word("with"));
  CHECK(!kindling::is_function_word("horse"));
  CHECK(!kindling::is_function_word(""));
}
