#include "tests/fuzz/fuzz.h"

#include <kindling/io/json.h>

using namespace kindling;

namespace {

const fuzz::Target json_target("json", [](std::string_view input) {
  fuzz::refuse_or([&] {
    const std::string text = to_json(parse_json(input, "f"));
    fuzz::require(to_json(parse_json(text, "again")) == text,
                  "what is read, written and read is the same");
  });
});

}  // namespace
