#include "tests/fuzz/fuzz.h"

#include <kindling/io/json.h>

using namespace kindling;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::refuse_or([&] {
    const std::string text = to_json(parse_json(fuzz::text(data, size), "f"));
    fuzz::require(to_json(parse_json(text, "again")) == text,
                  "what is read, written and read is the same");
  });
  return 0;
}
