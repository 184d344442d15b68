#include "tests/fuzz/fuzz.h"

#include <string>

#include <kindling/data/tokens.h>

using namespace kindling;

namespace {

const fuzz::Target tokens_target("tokens", [](std::string_view input) {
  fuzz::refuse_or([&] { require_tokens(input, "f"); });
  if (find_invalid_utf8(input) != input.npos) return;
  const std::vector<std::string> tokens = tokenize(input);
  std::string joined;
  for (const std::string& token : tokens) joined += token + ' ';
  fuzz::require(tokenize(joined) == tokens, "tokens are made of tokens");
});

}  // namespace
