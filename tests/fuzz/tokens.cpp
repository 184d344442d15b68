#include "tests/fuzz/fuzz.h"

#include <string>

#include <kindling/data/tokens.h>

using namespace kindling;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(data, size);
  fuzz::refuse_or([&] { require_tokens(text, "f"); });
  if (find_invalid_utf8(text) != text.npos) return 0;
  const std::vector<std::string> tokens = tokenize(text);
  std::string joined;
  for (const std::string& token : tokens) joined += token + ' ';
  fuzz::require(tokenize(joined) == tokens, "tokens are made of tokens");
  return 0;
}
